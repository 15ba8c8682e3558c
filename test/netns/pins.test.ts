/** Pins and the BPF file system that go away under a running program, or are not there when it starts. */
import { readdirSync, rmSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { otherScanner, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { attached, guardAlone, guardAt, NOTHING } from './attached.ts';

const BLOCKED = otherScanner(1, 4);
const OPTIONS = ['-i', VICTIM_IF, '--block'];
const KEEPS = /the guard stays attached/;

/** What is pinned, by its path below this one. */
function pinnedIn(directory: string): string[] {
  const all = readdirSync(directory, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(directory.length + 1))
    .sort();
}

suite('pins that somebody removes', [], () => {
  const rig = useRig('direct');

  async function isBlocked(): Promise<boolean> {
    const scanner = await rig().scanner.peer();
    const how = { host: VICTIM[4], port: 9, source: BLOCKED, seconds: 0.3 };
    return (await scanner.connect(how)).error !== 'ECONNREFUSED';
  }

  test('are there again within seconds, said each time, and nothing is let in meanwhile', async () => {
    const { victim } = rig();
    const watch = await Watch.start(victim, OPTIONS);
    await packetwatch(victim, ['block', 'add', BLOCKED]);
    const { pins } = await watch.status();
    const before = pinnedIn(pins);
    const told = () =>
      watch.notes.filter((note) => / pins were removed from .*: pinned again$/.test(note));
    for (const isGone of [() => true, (name: string) => /\/pw_sets$|-tcx$/.test(name)]) {
      const times = told().length + 1;
      for (const name of before.filter(isGone)) rmSync(`${pins}/${name}`);
      expect(await isBlocked()).toBe(true);
      await watch.running.err.wait('the repair', () => told().length === times || undefined);
      expect(pinnedIn(pins)).toEqual(before);
    }
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
    expect((await packetwatch(victim, ['block', 'list'])).stdout).toContain(BLOCKED);

    expect(await watch.running.end('SIGTERM')).toBe(0);
    expect(told()).toHaveLength(2);
    expect(watch.notes.at(-1)).toMatch(KEEPS);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAlone('tcx'));
    expect(await isBlocked()).toBe(true);
    const next = await Watch.start(victim, OPTIONS);
    expect(await next.status()).toMatchObject({ adopted: true, blocks: 1 });
    expect(await next.stop()).toBe(0);
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
  });

  test('just before the end: the guard stays all the same', async () => {
    const { victim } = rig();
    const watch = await Watch.start(victim, OPTIONS);
    const { pins } = await watch.status();
    rmSync(pins, { recursive: true });
    expect(await watch.running.end('SIGTERM')).toBe(0);
    expect(watch.notes.at(-1)).toMatch(KEEPS);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAlone('tcx'));
    expect(await packetwatch(victim, ['release'])).toMatchObject({ code: 0 });
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
  });

  test('of a guard alone: it is gone with them, and the next start makes all anew', async () => {
    const { victim } = rig();
    const first = await Watch.start(victim, OPTIONS);
    const { pins } = await first.status();
    await first.running.end('SIGTERM');
    for (const name of readdirSync(pins).slice(0, 3))
      rmSync(`${pins}/${name}`, { recursive: true });
    const added = await packetwatch(victim, ['block', 'add', BLOCKED]);
    expect(added).toMatchObject({ code: 1, stdout: '' });
    expect(added.stderr).toMatch(/^packetwatch: [^\n]+\n$/);
    const next = await Watch.start(victim, OPTIONS);
    expect(await next.status()).toMatchObject({ adopted: false });
    expect(await next.stop()).toBe(0);
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
  });
});

suite('the BPF file system', ['unshare', 'setpriv'], () => {
  const rig = useRig('direct');
  /** Runs in a mount namespace of our own, in which bpffs may go: the machine's own mount stays. */
  let by: string[];
  beforeAll(async () => {
    const script = 'umount /sys/fs/bpf; echo ready; exec sleep 300';
    const own = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script];
    const holder = await rig().victim.start(own);
    await holder.out.wait('the mount namespace', (line) => (line === 'ready' ? line : undefined));
    by = ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`];
  });

  const umount = () => rig().victim.must([...by, 'umount', '/sys/fs/bpf']);
  const list = async (pins: string) =>
    (await rig().victim.run([...by, 'find', pins, '-not', '-type', 'd'])).stdout.split('\n').sort();

  test('is mounted by the start, and again when it goes', async () => {
    const { victim } = rig();
    const watch = await Watch.start(victim, OPTIONS, { by });
    const { pins } = await watch.status();
    const before = await list(pins);
    expect(before.length).toBeGreaterThan(20);
    await umount();
    await watch.note(/pins were removed from .*: pinned again/);
    expect(await list(pins)).toEqual(before);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
    expect(await watch.running.end('SIGTERM')).toBe(0);
    expect(watch.notes.at(-1)).toMatch(KEEPS);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAlone('tcx'));
    await umount();
    await until('the guard is gone', async () => {
      return (await attached(victim, VICTIM_IF)).ingress === 0;
    });
  });

  test('that may not be mounted: one line at the start; while running it goes on, and says so', async () => {
    const { victim } = rig();
    const without = [...by, 'setpriv', '--bounding-set', '-sys_admin'];
    const refused = await packetwatch(victim, ['watch', ...OPTIONS], { by: without });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^packetwatch: no BPF file system at .*: mount -t bpf [^\n]+\n$/,
    );

    await victim.must([...by, 'mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf']);
    const watch = await Watch.start(victim, OPTIONS, { by: without });
    await umount();
    await watch.note(/can't be made again, so the guard ends with this program/);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
    expect(await watch.running.end('SIGTERM')).toBe(1);
    expect(watch.notes.at(-1)).toMatch(/^no BPF file system at .*: mount -t bpf/);
    expect(watch.notes.filter((note) => note.includes("can't be made again"))).toHaveLength(1);
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
  });
});
