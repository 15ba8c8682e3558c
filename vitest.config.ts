import { defineConfig } from 'vitest/config';

/**
 * One project per kind of test. Those that share the kernel's tables, network namespaces or the
 * npm cache run one file at a time; groupOrder keeps the projects apart, so that nothing else
 * loads the machine meanwhile.
 */
export default defineConfig({
  test: {
    reporters: ['default', './tools/summary-reporter.ts'],
    projects: [
      project('unit', '{src,plugins}/**/*.test.ts', { order: 0, timeoutMs: 10_000 }),
      project('contract', 'test/contract/**/*.test.ts', { order: 1, timeoutMs: 30_000 }),
      project('cases', 'test/cases/**/*.test.ts', { order: 1, timeoutMs: 30_000 }),
      project('corpus', 'test/corpus/**/*.test.ts', { order: 1, timeoutMs: 60_000 }),
      project('kernel', 'test/kernel/**/*.test.ts', { order: 2, timeoutMs: 30_000, serial: true }),
      project('netns', 'test/netns/**/*.test.ts', { order: 3, timeoutMs: 60_000 }),
      project('pack', 'test/pack/**/*.test.ts', { order: 4, timeoutMs: 120_000, serial: true }),
    ],
  },
});

function project(
  name: string,
  include: string,
  run: { order: number; timeoutMs: number; serial?: boolean },
) {
  return {
    extends: true as const,
    test: {
      name,
      include: [include],
      testTimeout: run.timeoutMs,
      hookTimeout: run.timeoutMs,
      fileParallelism: run.serial !== true,
      maxWorkers: run.serial === true ? 1 : 2,
      sequence: { groupOrder: run.order },
    },
  };
}
