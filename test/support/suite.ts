/** What a suite needs is probed; what is missing becomes its one skip, by name. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { MAIN, type Namespace, Rig } from './rig.ts';
import { Watch } from './packetwatch.ts';

const OBJECTS = ['guard', 'sockets'].map((name) =>
  fileURLToPath(new URL(`../../dist/bpf/${name}.bpf.o`, import.meta.url)),
);

export const HOOKS = ['tcx', 'native', 'generic'] as const;
export type Hook = (typeof HOOKS)[number];

/** A suite that runs as root in namespaces, with these programs. */
export function suite(name: string, tools: readonly string[], body: () => void): void {
  const why = missing(tools);
  const define: () => void = why === undefined ? body : () => skipped(why);
  // oxlint-disable-next-line vitest/valid-title -- each suite gives its own
  describe(name, () => {
    define();
  });
}

function skipped(why: string): void {
  // oxlint-disable-next-line vitest/expect-expect -- it only says why nothing is expected
  test('needs what is not here', (context) => context.skip(why));
}

function missing(tools: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (!existsSync(MAIN)) return 'dist/cli/main.js is not there: make build';
  if (!OBJECTS.every((path) => existsSync(path))) return 'the BPF objects were not built (clang)';
  const absent = ['ip', 'nsenter', 'nft', 'python3', ...tools].filter((tool) => !onPath(tool));
  if (absent.length > 0) return `not installed: ${absent.join(', ')}`;
  const probe = spawnSync('unshare', ['--net', 'true']);
  return probe.status === 0 ? undefined : `no network namespaces: ${String(probe.stderr).trim()}`;
}

export function onPath(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((place) => existsSync(`${place}/${tool}`));
}

/** A rig for all tests of a suite. */
export function useRig(kind: 'direct' | 'routed'): () => Rig {
  let rig: Rig | undefined;
  beforeAll(async () => {
    rig = await Rig[kind]();
  });
  afterAll(() => rig?.down());
  return () => rig!;
}

/** One running program for all tests of a suite; a hook that this kernel lacks skips them. */
export function useWatch(rig: () => { victim: Namespace }, args: readonly string[]): () => Watch {
  let watch: Watch | undefined;
  let unavailable: string | undefined;
  beforeAll(async () => {
    try {
      watch = await Watch.start(rig().victim, args);
    } catch (error) {
      unavailable = /.*does(?: not|n't) offer it.*/.exec(String(error))?.[0];
      if (unavailable === undefined) throw error;
    }
  });
  beforeEach((context) => {
    if (unavailable !== undefined) context.skip(unavailable);
  });
  afterAll(() => watch?.stop());
  return () => watch!;
}
