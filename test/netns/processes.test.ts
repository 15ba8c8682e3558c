/** Every record names the right process, however short its life and whoever accepts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must, until } from '../support/command.ts';
import { PEER, Peer, PYTHON } from '../support/peer.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { onPath, suite, useRig, useWatch } from '../support/suite.ts';
import { lifeOf, namesOf } from './connections.ts';

const BLINKS = 50;
const BLINK_SOURCE = fileURLToPath(new URL('../support/blink.c', import.meta.url));
const NOBODY = 65534;

suite('a process', [], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '-i', 'lo', '-o', 'json']);
  const folder = mkdtempSync(`${tmpdir()}/packetwatch-netns-`);
  let here: Peer;
  let there: Peer;
  beforeAll(async () => {
    [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('that connects and is gone within a millisecond', async (context) => {
    const compiler = ['clang', 'gcc', 'cc'].find((name) => onPath(name));
    if (compiler === undefined) context.skip('no C compiler for test/support/blink.c');
    const blink = `${folder}/blink`;
    await must([compiler!, '-O2', '-o', blink, BLINK_SOURCE]);
    const { port } = await there.listen({ host: SCANNER[4], mode: 'answer' });
    const lives = await rig().victim.must([blink, SCANNER[4], `${port}`, `${BLINKS}`]);
    const children = lives
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    expect(children).toHaveLength(BLINKS);
    expect(Math.min(...children.map(([, , , lifeUs]) => lifeUs!))).toBeLessThan(1000);
    for (const [n, pid, local] of children) {
      const connection = { src_port: local!, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.close');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
      for (const event of events)
        expect(event).toMatchObject({ pid, process: `blink-${n}`, process_from: 'connect' });
    }
  });

  test('that only listens, while its child accepts and answers', async () => {
    const server = await rig().victim.newPeer();
    const serve = { host: VICTIM[4], mode: 'answer', receive: 3, send: 3, worker: true } as const;
    const { port, worker } = await server.listen(serve);
    const from = await there.connect({ host: VICTIM[4], port, send: 3, receive: 3 });
    const connection = { src_port: from.port, dst_port: port };
    const [, open, close] = await lifeOf(watch(), connection, 'connection.close');
    expect(open).toMatchObject({ pid: server.pid, process_from: 'listen' });
    expect(close).toMatchObject({ pid: worker, process: 'python3', process_from: 'accept' });
  });

  test('that accepts and closes, and does nothing else', async () => {
    const server = await rig().victim.newPeer();
    const { port, worker } = await server.listen({ host: VICTIM[4], mode: 'close', worker: true });
    const from = await there.connect({ host: VICTIM[4], port, receive: 1 });
    const connection = { src_port: from.port, dst_port: port };
    const [, open, close] = await lifeOf(watch(), connection, 'connection.close');
    expect(open).toMatchObject({ pid: server.pid, process_from: 'listen' });
    expect(close).toMatchObject({ pid: worker, process: 'python3', process_from: 'close' });
  });

  describe.each([
    { at: 'its address', host: VICTIM[4] },
    { at: '127.0.0.1', host: '127.0.0.1' },
    { at: 'its IPv6 address', host: VICTIM[6] },
    { at: '::1', host: '::1' },
  ])('that talks to another on this host at $at', ({ host }) => {
    test('is one connection with both processes', async () => {
      const server = await rig().victim.newPeer();
      const { port } = await server.listen({ host, mode: 'answer', receive: 5, send: 9 });
      const from = await here.connect({ host, port, send: 5, receive: 9 });
      const connection = { src_ip: host, dst_ip: host, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.close');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
      for (const event of events)
        expect(event).toMatchObject({ direction: 'local', iface: 'lo', pid: here.pid });
      expect(events[2]).toMatchObject({
        process_from: 'connect',
        resp_pid: server.pid,
        resp_process: 'python3',
        resp_process_from: 'accept',
        outcome: 'ok',
        orig_bytes: 5,
        resp_bytes: 9,
      });
    });

    test('that is not there is one refused attempt', async () => {
      const from = await here.connect({ host, port: 9 });
      expect(from.error).toBe('ECONNREFUSED');
      const connection = { src_ip: host, dst_ip: host, src_port: from.port, dst_port: 9 };
      const events = await lifeOf(watch(), connection, 'connection.refused');
      expect(namesOf(events)).toEqual(['attempt', 'refused']);
      expect(events[1]).toMatchObject({ direction: 'local', pid: here.pid, outcome: 'refused' });
    });
  });

  test('of another user', async (context) => {
    if (!onPath('setpriv')) context.skip('not installed: setpriv');
    const become = ['setpriv', '--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'];
    // The script comes as an argument: the user may not be able to read it.
    const script = readFileSync(PEER, 'utf8');
    const client = new Peer(await rig().victim.start([...become, PYTHON, '-c', script]));
    const { port } = await there.listen({ host: SCANNER[4], mode: 'answer' });
    const from = await client.connect({ host: SCANNER[4], port });
    const close = await watch().event({ event: 'connection.close', src_port: from.port });
    expect(close).toMatchObject({ pid: client.pid, uid: NOBODY });
  });

  test('in a container has its id', async (context) => {
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, , type]) => type === 'cgroup2')?.[1];
    if (mount === undefined) context.skip('no cgroup2 is mounted');
    const id = '0123456789abcdef'.repeat(4);
    const scope = `${mount!}/docker-${id}.scope`;
    const refused = await mkdir(scope).then(() => undefined, String);
    if (refused !== undefined) context.skip(`no cgroup can be made in ${mount!}: ${refused}`);
    try {
      const enter = ['sh', '-c', `echo $$ >${scope}/cgroup.procs && exec "$@"`, 'sh'];
      const client = new Peer(await rig().victim.start([...enter, PYTHON, PEER]));
      const { port } = await there.listen({ host: SCANNER[4], mode: 'answer' });
      const from = await client.connect({ host: SCANNER[4], port });
      const connection = { src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.close');
      for (const event of events)
        expect(event).toMatchObject({ pid: client.pid, container: id.slice(0, 12) });
      await client.running.end('SIGKILL');
    } finally {
      await until('the cgroup is empty', () =>
        rmdir(scope).then(
          () => true,
          () => false,
        ),
      );
    }
  });
});
