/** Every way in which a connection to this host can go. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Peer } from '../support/peer.ts';
import { SCANNER, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { type Ends, lifeOf, namesOf } from './connections.ts';

const WAYS: readonly (Ends & { name: string; family: 4 | 6; base: number })[] = [
  { name: 'IPv4', family: 4, bind: VICTIM[4], base: 2000, ...to(4) },
  { name: 'IPv6', family: 6, bind: VICTIM[6], base: 3000, ...to(6) },
  { name: 'IPv4 on an IPv6 socket', family: 4, bind: '::', base: 4000, ...to(4) },
];

suite('a connection to this host', ['nmap'], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '-o', 'json']);
  let client: Peer;
  let server: Peer;
  beforeAll(async () => {
    [client, server] = await Promise.all([rig().scanner.peer(), rig().victim.peer()]);
    await rig().victim.nft(`
      table inet pwrules {
        chain input {
          type filter hook input priority 0;
          tcp dport { 2001, 3001, 4001 } drop
          tcp dport { 2002, 4002 } reject with icmp type port-unreachable
          tcp dport 3002 reject with icmpv6 type port-unreachable
        }
      }`);
  });

  describe.concurrent.each(WAYS)('$name', ({ target, bind, src_ip, dst_ip, base, family }) => {
    const ends = { src_ip, dst_ip, direction: 'inbound', iface: VICTIM_IF } as const;
    const own = () => ({ pid: server.pid, process: 'python3', process_from: 'accept', uid: 0 });

    test('that goes well', async () => {
      const { port } = await server.listen({
        host: bind,
        mode: 'answer',
        receive: 1000,
        send: 5000,
      });
      const beforeMs = Date.now();
      const from = await client.connect({ host: target, port, send: 1000, receive: 5000 });
      const connection = { ...ends, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.close');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
      const [attempt, open, close] = events;
      expect(attempt!.process).toBeUndefined();
      expect(open).toMatchObject({ pid: server.pid, process: 'python3', process_from: 'listen' });
      expect(close).toMatchObject({
        ...own(),
        outcome: 'ok',
        conn_state: 'SF',
        orig_bytes: 1000,
        resp_bytes: 5000,
        retransmits: 0,
        start_ts: attempt!.ts,
      });
      expect(close!.rtt_us).toBeGreaterThan(0);
      const spanUs = Date.parse(close!.ts) - Date.parse(attempt!.ts);
      expect(Math.abs(close!.duration_s! * 1000 - spanUs)).toBeLessThan(2);
      expect(Date.parse(attempt!.ts)).toBeGreaterThan(beforeMs - 50);
      expect(Date.parse(close!.ts)).toBeLessThan(Date.now() + 50);
    });

    test('that this host closes first', async () => {
      const { port } = await server.listen({ host: bind, mode: 'finish', send: 7 });
      const from = await client.connect({ host: target, port, receive: 1 << 20 });
      const connection = { ...ends, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.close');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
      expect(events[2]).toMatchObject({ ...own(), conn_state: 'SF', orig_bytes: 0, resp_bytes: 7 });
    });

    test('to a closed port', async () => {
      const from = await client.connect({ host: target, port: base });
      expect(from.error).toBe('ECONNREFUSED');
      const connection = { ...ends, src_port: from.port, dst_port: base };
      const events = await lifeOf(watch(), connection, 'connection.refused');
      expect(namesOf(events)).toEqual(['attempt', 'refused']);
      expect(events[1]).toMatchObject({ outcome: 'refused', conn_state: 'REJ' });
    });

    test('that the firewall rejects by ICMP', async () => {
      const from = await client.connect({ host: target, port: base + 2 });
      expect(from.error).toBe('ECONNREFUSED');
      const connection = { ...ends, src_port: from.port, dst_port: base + 2 };
      const events = await lifeOf(watch(), connection, 'connection.refused');
      expect(namesOf(events)).toEqual(['attempt', 'refused']);
      expect(events[1]).toMatchObject({ outcome: 'refused', conn_state: 'REJ' });
    });

    test('that the firewall drops', async () => {
      const from = await client.connect({ host: target, port: base + 1, seconds: 0.5 });
      expect(from.error).toBe('ETIMEDOUT');
      const connection = { ...ends, src_port: from.port, dst_port: base + 1 };
      const events = await lifeOf(watch(), connection, 'connection.timeout');
      expect(namesOf(events)).toEqual(['attempt', 'timeout']);
      expect(events[1]).toMatchObject({ outcome: 'dropped', conn_state: 'S0' });
      expect(events[1]!.duration_s).toBeCloseTo(3, 1);
    });

    test('that the client resets', async () => {
      const { port } = await server.listen({ host: bind, mode: 'echo' });
      const from = await client.connect({
        host: target,
        port,
        send: 10,
        receive: 10,
        end: 'reset',
      });
      const connection = { ...ends, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.reset');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'reset']);
      expect(events[2]).toMatchObject({
        ...own(),
        outcome: 'reset',
        conn_state: 'RSTO',
        error: 'ECONNRESET',
        orig_bytes: 10,
        resp_bytes: 10,
      });
    });

    test('that this host resets', async () => {
      const { port } = await server.listen({ host: bind, mode: 'reset', receive: 10 });
      const from = await client.connect({ host: target, port, send: 10, receive: 1 });
      expect(from.error).toBe('ECONNRESET');
      const connection = { ...ends, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.reset');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'reset']);
      expect(events[2]).toMatchObject({ ...own(), outcome: 'reset', conn_state: 'RSTR' });
    });

    test('that a scanner leaves half-open', async () => {
      const { port } = await server.listen({ host: bind, mode: 'echo' });
      const scan = ['-n', '-Pn', '-sS', '-p', `${port}`, '-e', SCANNER_IF, '-S', src_ip];
      await rig().scanner.must(['nmap', ...(family === 6 ? ['-6'] : []), ...scan, dst_ip]);
      const connection = { ...ends, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.reset');
      expect(namesOf(events)).toEqual(['attempt', 'reset']);
      expect(events[1]).toMatchObject({ outcome: 'reset', conn_state: 'RSTO' });
    });
  });
});

function to(family: 4 | 6) {
  return { target: VICTIM[family], src_ip: SCANNER[family], dst_ip: VICTIM[family] };
}
