/** Too few descriptors, too little memory: one line with the mend, and nothing is left; a running program goes on. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { otherScanner, SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { attached, guardAlone, guardAt, isPinned, NOTHING } from './attached.ts';

const OPTIONS = ['-i', VICTIM_IF, '--block'];
const BLOCKED = otherScanner(1, 4);
const FILES =
  /^packetwatch: too many open files in this process \([^\n]+\): raise its limit: `ulimit -n 1024`[^\n]+\n$/;

suite('too few descriptors', ['prlimit'], () => {
  const rig = useRig('direct');
  let pins: string;
  let taken: number;
  beforeAll(async () => {
    const watch = await Watch.start(rig().victim, OPTIONS);
    ({ pins } = await watch.status());
    taken = readdirSync(`/proc/${watch.running.pid}/fd`).length;
    await watch.stop();
  });

  const without = (count: number) => ({ by: ['prlimit', `--nofile=${taken - count}`] });

  // Node itself takes the first 20.
  test.each([4, 16, 34])(
    '%i of those that it takes are missing at the start: one line, and nothing is left',
    async (count) => {
      const done = await packetwatch(rig().victim, ['watch', ...OPTIONS], without(count));
      expect(done).toMatchObject({ code: 1, stdout: '' });
      expect(done.stderr).toMatch(FILES);
      expect(await attached(rig().victim, VICTIM_IF)).toEqual(NOTHING);
      expect(isPinned(pins)).toBe(false);
    },
  );

  test('at the start over a guard: that one stays as it was', async () => {
    const { victim } = rig();
    const first = await Watch.start(victim, OPTIONS);
    await packetwatch(victim, ['block', 'add', BLOCKED]);
    await first.running.end('SIGTERM');
    const done = await packetwatch(victim, ['watch', ...OPTIONS], without(4));
    expect(done.stderr).toMatch(FILES);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAlone('tcx'));
    const next = await Watch.start(victim, OPTIONS);
    expect(await next.status()).toMatchObject({ adopted: true, blocks: 1 });
    expect(await next.stop()).toBe(0);
  });

  test('while it runs: it goes on, protects whom it did, and takes up what it could not', async () => {
    const { victim, scanner } = rig();
    const watch = await Watch.start(victim, ['--block', '-o', 'json']);
    const { pid } = watch.running;
    const never = async () =>
      (await packetwatch(victim, ['allow', 'list'])).stdout.match(/^[\da-f:./]+/gm) ?? [];
    const before = await never();
    expect(before).toContain(VICTIM[4]);
    const limit = (count: number) =>
      victim.must(['prlimit', `--pid=${pid}`, `--nofile=${count}:4096`]);
    await limit(readdirSync(`/proc/${pid}/fd`).length - 5);
    const [status] = await Promise.all([
      packetwatch(victim, ['status']),
      victim.must([
        'sh',
        '-c',
        'ip link add ex0 type veth peer name ex1; ip addr add 10.72.0.2/24 dev ex0; ip link set ex1 up; ip link set ex0 up',
      ]),
    ]);
    expect(status).toMatchObject({ code: 1, stdout: '' });
    expect(status.stderr).toMatch(/^packetwatch: the running program gave no answer: [^\n]+\n$/);
    await watch.note(
      / ex0 is not watched: too many open files in this process \(.*raise its limit/,
    );
    await watch.note(/ cannot read .*: Error: EMFILE/); // the never-block list, every 5 s
    const from = await (await scanner.peer()).connect({
      host: VICTIM[4],
      port: 9,
      source: SCANNER[4],
    });
    await watch.event({ event: 'connection.refused', src_port: from.port });
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
    expect(await never()).toEqual(expect.arrayContaining(before));

    await limit(1024);
    await watch.note(/ ex0 is watched from now on/);
    expect(await watch.status()).toMatchObject({ blocking: true });
    expect(watch.notes.filter((note) => note.startsWith('ex0 is not watched'))).toHaveLength(1);
    await limit(readdirSync(`/proc/${pid}/fd`).length - 5);
    expect(await watch.running.end('SIGTERM')).toBe(0);
    expect(watch.notes.at(-1)).toMatch(/the guard stays attached/);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAlone('tcx'));
    await packetwatch(victim, ['release']);
    await victim.must(['ip', 'link', 'del', 'ex0']);
  });
});

/** Where this host limits memory by cgroup, version 2 or 1. */
const GROUPS = [
  { root: '/sys/fs/cgroup', limit: 'memory.max' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
];

suite('too little memory', ['unshare'], () => {
  const rig = useRig('direct');
  const name = `packetwatch-test-${process.pid}`;
  let group: string | undefined;
  let limit: string;
  beforeAll(() => {
    for (const { root, limit: file } of GROUPS) {
      const path = `${root}/${name}`;
      try {
        if (
          !/memory/.test(readFileSync(`${root}/cgroup.subtree_control`, 'utf8')) &&
          file === 'memory.max'
        )
          continue;
      } catch {
        if (file === 'memory.max') continue;
      }
      if (!existsSync(`${root}/cgroup.procs`)) continue;
      mkdirSync(path);
      group = path;
      limit = `${path}/${file}`;
      return;
    }
  });
  beforeEach((context) => {
    if (group === undefined) context.skip('no cgroup can limit memory here');
  });
  afterAll(async () => {
    const path = group;
    if (path !== undefined) await until('the cgroup is empty', () => tryRemove(path));
  });

  /** A start that may use so many MiB; `hidden`: it can't see that. */
  function start(mib: number, hidden: boolean) {
    writeFileSync(limit, `${mib * 1024 * 1024}`);
    const hide = hidden ? 'mount -t tmpfs none /sys/fs/cgroup;' : '';
    const script = `echo $$ > ${group}/cgroup.procs; ${hide} exec "$@"`;
    const by = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh'];
    return packetwatch(rig().victim, ['watch', ...OPTIONS], { by });
  }

  describe.each([
    { what: 'for a start', mib: 80, hidden: false, why: /may use 80 MiB .*MemoryMax=/ },
    { what: 'for the tables', mib: 40, hidden: true, why: /\(bpf MAP_CREATE\): .*MemoryMax=/ },
  ])('$what', ({ mib, hidden, why }) => {
    test('one line, and nothing is left', async () => {
      const done = await start(mib, hidden);
      expect(done).toMatchObject({ code: 1, stdout: '' });
      expect(done.stderr).toMatch(/^packetwatch: no memory for the tables[^\n]+\n$/);
      expect(done.stderr).toMatch(why);
      expect(await attached(rig().victim, VICTIM_IF)).toEqual(NOTHING);
      const released = await packetwatch(rig().victim, ['release']);
      expect(released.stderr).toBe('packetwatch: nothing was pinned\n');
    });
  });
});

function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
