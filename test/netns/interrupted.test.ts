/** kill -9 at each step of a swap: blocks hold, and the next start leaves one generation of tables. */
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { otherScanner, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { MOVED, type Variant, variant } from '../support/variant.ts';
import { attached, guardAlone, guardAt } from './attached.ts';
import { Stack } from './scans.ts';

const SOURCE = otherScanner(1, 4);
const OPTIONS = ['-i', VICTIM_IF, '-i', 'lo', '-o', 'json', '--block', '--block-ttl', '10m'];
const TRACED = [
  'bpf',
  '?mkdir',
  '?mkdirat',
  '?rename',
  '?renameat',
  '?unlink',
  '?unlinkat',
  '?rmdir',
];

/** Steps of a swap, by the system call that does them: it is not made. */
const STEPS: readonly { readonly name: string; readonly call: RegExp; readonly nth: number }[] = [
  { name: 'half of them pinned', call: /^bpf\(BPF_OBJ_PIN.*\/new-2\//, nth: 7 },
  { name: 'no link updated', call: /^bpf\(BPF_LINK_UPDATE/, nth: 1 },
  { name: 'one interface updated', call: /^bpf\(BPF_LINK_UPDATE/, nth: 2 },
  { name: 'all updated, the old still there', call: /^rename(?:at2?)?\(.*\/maps-1"/, nth: 1 },
  { name: 'the old half gone', call: /^unlink(?:at)?\(.*\/new-1\//, nth: 5 },
];

suite('a swap that is killed', ['hping3', 'strace', 'clang'], () => {
  const rig = useRig('direct');
  let stack: Stack;
  let next: Variant;
  let trace: string[];
  const file = join(tmpdir(), `pw-trace-${process.pid}`);

  beforeAll(async () => {
    const { victim, scanner } = rig();
    next = await variant(MOVED);
    stack = await Stack.watch(victim);
    const first = await Watch.start(victim, OPTIONS);
    const scan = ['-q', '-S', '-p', '++1', '-i', 'u2000', '-a', SOURCE, '-I', SCANNER_IF];
    await scanner.start(['hping3', ...scan, VICTIM[4]]);
    await first.event({ event: 'block', src_ip: SOURCE });
    await first.running.end('SIGINT');
    // A swap that is not killed shows which of its calls is which step.
    const log = ['strace', '-y', '-o', file, '-e', `trace=${TRACED.join()}`];
    const briefly = ['watch', ...OPTIONS, '--duration', '0.1s'];
    await packetwatch(victim, briefly, { main: next.main, by: log });
    trace = readFileSync(file, 'utf8').split('\n');
    await (await Watch.start(victim, OPTIONS)).running.end('SIGINT');
  });
  afterAll(() => {
    next?.remove();
    rmSync(file, { force: true });
  });

  test.each(STEPS)('$name', async ({ call, nth }) => {
    const { victim } = rig();
    const [name, when] = placeOf(trace, call, nth);
    const kill = ['-e', `trace=${name}`, '-e', `inject=${name}:signal=KILL:when=${when}`];
    const by = ['strace', '-o', file, ...kill];
    const killed = await packetwatch(victim, ['watch', ...OPTIONS], { main: next.main, by });
    expect(killed.code).not.toBe(0);
    for (const iface of [VICTIM_IF, 'lo'])
      expect((await attached(victim, iface)).ingress).toBe(guardAlone('tcx').ingress);
    const after = await Watch.start(victim, OPTIONS);
    const { blocks, pinned } = await after.status();
    expect({ blocks, maps: pinned.maps.length }).toEqual({ blocks: 1, maps: 1 });
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
    await after.running.end('SIGINT');
    expect(await stack.syns(SOURCE)).toBe(3);
  });
});

/** The system call that is the nth of a trace to match, and how many of its name come until then. */
function placeOf(trace: readonly string[], call: RegExp, nth: number): [string, number] {
  const matching = trace.flatMap((line, i) => (call.test(line) ? [i] : []));
  const at = matching[nth - 1];
  if (at === undefined) throw new Error(`the swap has no ${nth} calls ${String(call)}`);
  const name = /^\w+/.exec(trace[at]!)![0];
  return [name, trace.slice(0, at + 1).filter((line) => line.startsWith(`${name}(`)).length];
}
