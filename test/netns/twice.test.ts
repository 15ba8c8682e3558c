/** One connection is one connection, on however many interfaces and however often its SYN is seen. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Peer } from '../support/peer.ts';
import {
  GATEWAY_IFS,
  otherScanner,
  SCANNER,
  SCANNER_IF,
  VICTIM,
  VICTIM_IF,
} from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { lifeOf, namesOf } from './connections.ts';

suite('a bridge and its port', ['nmap'], () => {
  const rig = useRig('direct');
  let here: Peer;
  let there: Peer;
  beforeAll(async () => {
    const addresses = [`${VICTIM[4]}/16`, `${VICTIM[6]}/16`];
    const lines = [
      'link add br0 type bridge',
      `link set ${VICTIM_IF} master br0`,
      ...addresses.map((address) => `addr del ${address} dev ${VICTIM_IF}`),
      'link set br0 up',
      `addr add ${addresses[0]} dev br0`,
      `addr add ${addresses[1]} dev br0 nodad`,
    ];
    await rig().victim.must(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
    [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
  });
  const watch = useWatch(rig, ['-i', 'br0', '-i', VICTIM_IF, '-o', 'json']);

  describe.each([4, 6] as const)('IPv%d', (family) => {
    test('a connection in', async () => {
      const { port } = await here.listen({ host: VICTIM[family], mode: 'echo' });
      const from = await there.connect({ host: VICTIM[family], port, send: 3, receive: 3 });
      const connection = { src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.close');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
      expect(events[2]).toMatchObject({ direction: 'inbound', pid: here.pid, retransmits: 0 });
    });

    test('a connection out', async () => {
      const { port } = await there.listen({ host: SCANNER[family], mode: 'echo' });
      const from = await here.connect({ host: SCANNER[family], port, send: 3, receive: 3 });
      const connection = { src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.close');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
      expect(events[2]).toMatchObject({ direction: 'outbound', pid: here.pid, retransmits: 0 });
    });

    test('a closed port', async () => {
      const from = await there.connect({ host: VICTIM[family], port: 7 });
      const connection = { src_port: from.port, dst_port: 7 };
      const events = await lifeOf(watch(), connection, 'connection.refused');
      expect(namesOf(events)).toEqual(['attempt', 'refused']);
    });

    test('a scan', async () => {
      const source = otherScanner(1, family);
      const scan = ['-n', '-Pn', '-sS', '-p', '1-6', '-e', SCANNER_IF, '-S', source];
      await rig().scanner.must(['nmap', ...(family === 6 ? ['-6'] : []), ...scan, VICTIM[family]]);
      const verdict = await watch().event({ event: 'scan', src_ip: source });
      expect(verdict.ports).toHaveLength(4);
      for (let port = 1; port <= 6; port++)
        await watch().event({ event: 'connection.refused', src_ip: source, dst_port: port });
      expect(watch().events({ event: 'connection.attempt', src_ip: source })).toHaveLength(6);
      expect(watch().events({ event: 'connection.refused', src_ip: source })).toHaveLength(6);
      expect(watch().events({ event: 'scan', src_ip: source })).toHaveLength(1);
    });
  });
});

suite('a repeated SYN', [], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '-o', 'json']);

  test.concurrent.each([4, 6] as const)('of another host is one attempt, IPv%d', async (family) => {
    const [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
    const { port } = await here.listen({ host: VICTIM[family], mode: 'echo' });
    // The scanner never sees the answer to its first SYN.
    await rig().scanner.nft(`
      table inet pwdeaf${family} {
        chain input {
          type filter hook input priority 0;
          tcp sport ${port} tcp flags & (syn | ack) == syn | ack limit rate over 1/hour burst 1 packets accept
          tcp sport ${port} tcp flags & (syn | ack) == syn | ack drop
        }
      }`);
    const from = await there.connect({ host: VICTIM[family], port, send: 3, receive: 3 });
    const connection = { src_port: from.port, dst_port: port };
    const events = await lifeOf(watch(), connection, 'connection.close');
    expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
    expect(events[2]!.retransmits).toBeGreaterThan(0);
    expect(events[2]!.duration_s).toBeGreaterThan(0.5);
  });

  test.concurrent.each([4, 6] as const)('of this host is one attempt, IPv%d', async (family) => {
    const [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
    const { port } = await there.listen({ host: SCANNER[family], mode: 'echo' });
    await rig().scanner.nft(`
      table inet pwlate${family} {
        chain input {
          type filter hook input priority 0;
          tcp dport ${port} tcp flags & (syn | ack) == syn limit rate over 1/hour burst 1 packets accept
          tcp dport ${port} tcp flags & (syn | ack) == syn drop
        }
      }`);
    const from = await here.connect({ host: SCANNER[family], port, send: 3, receive: 3 });
    const connection = { src_port: from.port, dst_port: port };
    const events = await lifeOf(watch(), connection, 'connection.close');
    expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
    expect(events[2]).toMatchObject({ pid: here.pid, retransmits: 1, orig_bytes: 3 });
  });
});

suite('a router', ['nmap'], () => {
  const rig = useRig('routed');
  const interfaces = GATEWAY_IFS.flatMap((name) => ['-i', name]);
  const watch = useWatch(() => ({ victim: rig().gateway }), [...interfaces, '-o', 'json']);
  const forwarded = { direction: 'forwarded', iface: GATEWAY_IFS[0] } as const;

  describe.each([4, 6] as const)('IPv%d', (family) => {
    test('sees a connection once, and that it was answered', async () => {
      const [there, server] = await Promise.all([rig().scanner.peer(), rig().victim.peer()]);
      const { port } = await server.listen({ host: VICTIM[family], mode: 'echo' });
      const from = await there.connect({ host: VICTIM[family], port, send: 3, receive: 3 });
      const connection = { ...forwarded, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.open');
      expect(namesOf(events)).toEqual(['attempt', 'open']);
      expect(events[0]!.pid).toBeUndefined();
    });

    test('sees that one was refused', async () => {
      const there = await rig().scanner.peer();
      const from = await there.connect({ host: VICTIM[family], port: 7 });
      const connection = { ...forwarded, src_port: from.port, dst_port: 7 };
      const events = await lifeOf(watch(), connection, 'connection.refused');
      expect(namesOf(events)).toEqual(['attempt', 'refused']);
    });

    test('judges no scan of others', async () => {
      const scan = ['-n', '-Pn', '-sS', '-p', '1-9', '-e', SCANNER_IF, '-S', SCANNER[family]];
      await rig().scanner.must(['nmap', ...(family === 6 ? ['-6'] : []), ...scan, VICTIM[family]]);
      const refused = { event: 'connection.refused', src_ip: SCANNER[family] } as const;
      for (let port = 1; port <= 9; port++) await watch().event({ ...refused, dst_port: port });
      expect(watch().events({ event: 'scan' })).toEqual([]);
    });
  });
});
