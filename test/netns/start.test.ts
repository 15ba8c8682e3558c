/** Connections that were there before the program, and those that begin while it starts. */
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { Watch } from '../support/packetwatch.ts';
import type { Peer } from '../support/peer.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { lifeOf, lived, namesOf } from './connections.ts';
import { load, type LoadOptions, serve, toldOf, wrongOnes } from './load.ts';

const OPTIONS = ['-i', VICTIM_IF, '-i', 'lo', '-o', 'json'];

suite('a connection older than the program', [], () => {
  const rig = useRig('direct');
  let here: Peer;
  let there: Peer;
  let other: Peer;
  const held = new Map<string, { port: number; local: number; connection: number }>();

  async function hold(name: string, from: Peer, to: Peer, host: string): Promise<void> {
    const { port } = await to.listen({ host, mode: 'echo' });
    const { port: local, connection } = await from.connect({ host, port, end: 'hold' });
    expect(await from.say(connection, 'hello')).toMatchObject({ reply: 'hello' });
    held.set(name, { port, local, connection });
  }

  beforeAll(async () => {
    [here, other, there] = await Promise.all([
      rig().victim.peer(),
      rig().victim.newPeer(),
      rig().scanner.peer(),
    ]);
    for (const family of [4, 6] as const) {
      await hold(`inbound ${family}`, there, here, VICTIM[family]);
      await hold(`outbound ${family}`, here, there, SCANNER[family]);
      await hold(`local ${family}`, here, other, VICTIM[family]);
    }
    await hold('reset', there, here, VICTIM[4]);
  });
  const watch = useWatch(rig, OPTIONS);

  describe.each([4, 6] as const)('over IPv%d', (family) => {
    test('inbound: only its close, of the right process', async () => {
      const { port, local, connection } = held.get(`inbound ${family}`)!;
      await there.end(connection);
      const expected = { src_ip: SCANNER[family], src_port: local, dst_port: port };
      const events = await lifeOf(watch(), expected, 'connection.close');
      expect(namesOf(events)).toEqual(['close']);
      expect(events[0]).toMatchObject({
        direction: 'inbound',
        pid: here.pid,
        process: 'python3',
        conn_state: 'SF',
        orig_bytes: 5,
        resp_bytes: 5,
      });
    });

    test('outbound: only its close, of the right process', async () => {
      const { port, local, connection } = held.get(`outbound ${family}`)!;
      await here.end(connection);
      const expected = { src_ip: VICTIM[family], src_port: local, dst_port: port };
      const events = await lifeOf(watch(), expected, 'connection.close');
      expect(namesOf(events)).toEqual(['close']);
      expect(events[0]).toMatchObject({ direction: 'outbound', pid: here.pid, conn_state: 'SF' });
    });

    test('on this host: one close, of both processes', async () => {
      const { port, local, connection } = held.get(`local ${family}`)!;
      await here.end(connection);
      const expected = { src_ip: VICTIM[family], src_port: local, dst_port: port };
      const events = await lifeOf(watch(), expected, 'connection.close');
      expect(namesOf(events)).toEqual(['close']);
      expect(events[0]).toMatchObject({
        direction: 'local',
        pid: here.pid,
        resp_pid: other.pid,
        conn_state: 'SF',
      });
    });
  });

  test('that the other end resets: the process that held it', async () => {
    const { port, local, connection } = held.get('reset')!;
    await there.end(connection, 'reset');
    const events = await lifeOf(watch(), { src_port: local, dst_port: port }, 'connection.reset');
    expect(namesOf(events)).toEqual(['reset']);
    expect(events[0]).toMatchObject({ direction: 'inbound', pid: here.pid, conn_state: 'RSTO' });
  });
});

suite('connections that begin while the program starts', [], () => {
  const rig = useRig('direct');

  test('are told from some moment on, each once', async () => {
    const common = { count: 1000, rate: 300 };
    const inward: LoadOptions = { ...common, host: VICTIM[4], ports: [3000], first: 'client' };
    const outward: LoadOptions = { ...common, host: SCANNER[4], ports: [3001], first: 'server' };
    await serve(rig().victim, inward);
    await serve(rig().scanner, outward);
    const loads = Promise.all([load(rig().scanner, inward), load(rig().victim, outward)]);
    const watch = await Watch.start(rig().victim, OPTIONS);
    const made = await loads;
    for (const [i, { host }] of [inward, outward].entries()) {
      const connections = made[i]!;
      const told = watch.events({ dst_ip: host }).map(({ ts }) => Date.parse(ts));
      const sinceMs = Math.min(...told) + 20;
      const since = connections.filter(({ startMs }) => startMs >= sinceMs + 1); // `ts` is read in whole ms
      expect(since.length).toBeGreaterThan(300);
      const wrong = () =>
        wrongOnes(
          since,
          toldOf([watch], host, sinceMs),
          (events) => lived(events) === 'attempt open close',
        );
      await until('every close', () => wrong().length === 0, 5).catch(() => {}); // said below
      expect(wrong()).toEqual([]);
    }
    expect(await watch.stop()).toBe(0);
  });
});
