/** Whoever reads may go away at any time: standard error, clients of commands and of metrics. Nothing ends for it. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Running, until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { PYTHON } from '../support/peer.ts';
import { MAIN, SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { attached, guardAlone, NOTHING } from './attached.ts';

const LEAVE = fileURLToPath(new URL('../support/leave.py', import.meta.url));
const CLIENTS = 100;

suite('standard error', ['unshare'], () => {
  const rig = useRig('direct');
  const program = [process.execPath, MAIN, 'watch', '--block'];

  /** Connections until one is told: then it watches. */
  async function tells(running: Running): Promise<void> {
    const scanner = await rig().scanner.peer();
    const before = running.out.all.length;
    await until('a line', async () => {
      if (!running.alive) throw new Error('it has ended');
      await scanner.connect({ host: VICTIM[4], port: 9, source: SCANNER[4] });
      return running.out.all.length > before;
    });
  }

  /** A note is due: an interface comes, or goes. */
  const come = () =>
    rig().victim.must([
      'sh',
      '-ec',
      'ip link add no0 type veth peer name no1; ip addr add 10.74.0.1/24 dev no0; ip link set no1 up; ip link set no0 up',
    ]);
  const go = () => rig().victim.must(['ip', 'link', 'del', 'no0']);
  const takenUp = () =>
    until('no0 is taken up', async () => (await attached(rig().victim, 'no0')).ingress === 1);

  describe.each([
    { name: 'whose reader is gone', by: 'exec "$@" 2> >(head -n 1 > /dev/null)' },
    {
      name: 'that nobody reads',
      by: 'exec 2> >(exec sleep 30 > /dev/null 2>&1); head -c 65536 /dev/zero >&2; exec "$@"',
    },
  ])('$name', ({ by }) => {
    test('ends nothing', async () => {
      const { victim } = rig();
      const running = await victim.start(['bash', '-c', by, 'bash', ...program]);
      await tells(running);
      await come();
      await takenUp();
      await go();
      await tells(running);
      expect(await running.end('SIGTERM')).toBe(0);
      expect(await attached(victim, VICTIM_IF)).toEqual(guardAlone('tcx'));
      await packetwatch(victim, ['release']);
    });
  });

  test('has its notes again when its disk has room again', async () => {
    const { victim } = rig();
    const script =
      'mount -t tmpfs -o size=8k none /mnt; head -c 8192 /dev/zero > /mnt/fill; exec "$@" 2> /mnt/notes';
    const own = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh'];
    const running = await victim.start([...own, ...program]);
    await tells(running);
    const mnt = `/proc/${running.pid}/root/mnt`;
    const notes = () => readFileSync(`${mnt}/notes`, 'utf8');
    await come();
    await takenUp();
    expect(notes()).toBe('');
    rmSync(`${mnt}/fill`);
    await go();
    await until('the note', () => notes() === 'packetwatch: no0 is gone\n');
    expect(await running.end('SIGTERM')).toBe(0);
    await packetwatch(victim, ['release']);
  });
});

suite('clients that go away in the middle', [], () => {
  const rig = useRig('direct');

  test('of commands and of metrics: it goes on and answers the next', async () => {
    const { victim } = rig();
    const watch = await Watch.start(victim, ['-i', VICTIM_IF, '--listen', '127.0.0.1:9470']);
    const { pins } = await watch.status();
    const before = [...watch.notes];
    const socket = `/run/packetwatch/${basename(pins)}.sock`;
    expect(existsSync(socket)).toBe(true);
    const leave = (...where: string[]) => victim.must([PYTHON, LEAVE, `${CLIENTS}`, ...where]);
    await Promise.all([
      leave('unix', socket, 'status\\n'),
      leave('unix', socket, 'x'.repeat(3000)),
      leave('tcp', '127.0.0.1', '9470', 'GET /metrics HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n'),
    ]);
    expect((await watch.status()).pid).toBe(watch.running.pid);
    const page = await victim.must(['curl', '-s', 'http://127.0.0.1:9470/metrics']);
    expect(page).toContain('packetwatch_connections_total');
    expect(watch.notes).toEqual(before);
    expect(await watch.stop()).toBe(0);
    expect(existsSync(socket)).toBe(false);
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
  });
});
