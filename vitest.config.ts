import { defineConfig } from 'vitest/config';

/**
 * One project per kind of test; groupOrder keeps them apart. Files run side by side, since each has tables and network
 * namespaces of its own; those in namespaces wait more than they work. The files of a worker share its modules: to load
 * them for each anew took more than half of the unit tests' time.
 */
export default defineConfig({
  test: {
    reporters: ['default', './tools/summary-reporter.ts'],
    projects: [
      project('unit', '{src,plugins,web}/**/*.test.ts', { order: 0, timeoutMs: 10_000 }),
      project('contract', 'test/contract/**/*.test.ts', { order: 1, timeoutMs: 30_000 }),
      project('cases', 'test/cases/**/*.test.ts', { order: 1, timeoutMs: 30_000 }),
      project('corpus', 'test/corpus/**/*.test.ts', { order: 1, timeoutMs: 60_000 }),
      project('kernel', 'test/kernel/**/*.test.ts', { order: 2, timeoutMs: 30_000 }),
      project('netns', 'test/netns/**/*.test.ts', { order: 3, timeoutMs: 60_000, workers: 3 }),
      project('web', 'test/web/**/*.test.ts', { order: 4, timeoutMs: 60_000 }),
      project('pack', 'test/pack/**/*.test.ts', { order: 5, timeoutMs: 120_000 }),
    ],
  },
});

function project(
  name: string,
  include: string,
  run: { order: number; timeoutMs: number; workers?: number },
) {
  return {
    extends: true as const,
    test: {
      name,
      include: [include],
      setupFiles: run.order < 2 ? ['test/support/seed.ts'] : [],
      testTimeout: run.timeoutMs,
      hookTimeout: run.timeoutMs,
      maxWorkers: run.workers ?? 2,
      isolate: false,
      sequence: { groupOrder: run.order },
    },
  };
}
