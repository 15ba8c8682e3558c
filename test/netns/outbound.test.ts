/** Every way in which a connection of this host can go. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Peer } from '../support/peer.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { type Ends, lifeOf, namesOf } from './connections.ts';

const WAYS: readonly (Ends & { name: string; family: 4 | 6; base: number })[] = [
  { name: 'IPv4', target: SCANNER[4], bind: SCANNER[4], base: 2000, ...between(4) },
  { name: 'IPv6', target: SCANNER[6], bind: SCANNER[6], base: 3000, ...between(6) },
  {
    name: 'IPv4 through an IPv6 socket',
    target: `::ffff:${SCANNER[4]}`,
    bind: SCANNER[4],
    base: 4000,
    ...between(4),
  },
];

suite('a connection of this host', [], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '-o', 'json']);
  let client: Peer;
  let server: Peer;
  beforeAll(async () => {
    [client, server] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
    // Two SYNs, a second apart, and an end after two more.
    await rig().victim.must([
      'sh',
      '-c',
      'cd /proc/sys/net/ipv4; echo 1 >tcp_syn_retries; echo 0 >tcp_syn_linear_timeouts || true',
    ]);
    await rig().scanner.nft(`
      table inet pwrules {
        chain input {
          type filter hook input priority 0;
          tcp dport { 2001, 3001, 4001 } drop
          tcp dport { 2002, 4002 } reject with icmp type host-unreachable
          tcp dport 3002 reject with icmpv6 type addr-unreachable
        }
      }`);
  });

  describe.concurrent.each(WAYS)('$name', ({ target, bind, src_ip, dst_ip, base, family }) => {
    const ends = { src_ip, dst_ip, direction: 'outbound', iface: VICTIM_IF } as const;
    const own = () => ({ pid: client.pid, process: 'python3', process_from: 'connect', uid: 0 });

    test('that goes well', async () => {
      const { port } = await server.listen({
        host: bind,
        mode: 'answer',
        receive: 1000,
        send: 5000,
      });
      const from = await client.connect({ host: target, port, send: 1000, receive: 5000 });
      const connection = { ...ends, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.close');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
      for (const event of events) expect(event).toMatchObject(own());
      expect(events[2]).toMatchObject({
        outcome: 'ok',
        conn_state: 'SF',
        orig_bytes: 1000,
        resp_bytes: 5000,
        retransmits: 0,
      });
      expect(events[2]!.rtt_us).toBeGreaterThan(0);
    });

    test('that the server closes first', async () => {
      const { port } = await server.listen({ host: bind, mode: 'finish', send: 7 });
      const from = await client.connect({ host: target, port, receive: 1 << 20 });
      const connection = { ...ends, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.close');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'close']);
      expect(events[2]).toMatchObject({ ...own(), conn_state: 'SF', orig_bytes: 0, resp_bytes: 7 });
    });

    test('that is refused', async () => {
      const from = await client.connect({ host: target, port: base });
      expect(from.error).toBe('ECONNREFUSED');
      const connection = { ...ends, src_port: from.port, dst_port: base };
      const events = await lifeOf(watch(), connection, 'connection.refused');
      expect(namesOf(events)).toEqual(['attempt', 'refused']);
      expect(events[1]).toMatchObject({
        ...own(),
        outcome: 'refused',
        conn_state: 'REJ',
        error: 'ECONNREFUSED',
      });
    });

    test('that nobody answers', async () => {
      const from = await client.connect({ host: target, port: base + 1 });
      expect(from.error).toBe('ETIMEDOUT');
      const connection = { ...ends, src_port: from.port, dst_port: base + 1 };
      const events = await lifeOf(watch(), connection, 'connection.timeout');
      expect(namesOf(events)).toEqual(['attempt', 'timeout']);
      expect(events[1]).toMatchObject({
        ...own(),
        outcome: 'timeout',
        conn_state: 'S0',
        error: 'ETIMEDOUT',
        retransmits: 1,
      });
      expect(events[1]!.duration_s).toBeGreaterThan(1);
    });

    test('that gives up before an answer', async () => {
      const from = await client.connect({ host: target, port: base + 1, seconds: 0.2 });
      const connection = { ...ends, src_port: from.port, dst_port: base + 1 };
      const events = await lifeOf(watch(), connection, 'connection.timeout');
      expect(namesOf(events)).toEqual(['attempt', 'timeout']);
      expect(events[1]).toMatchObject({ ...own(), outcome: 'timeout', conn_state: 'S0' });
      expect(events[1]!.duration_s).toBeLessThan(1);
    });

    test('to a host that a router calls unreachable', async () => {
      const from = await client.connect({ host: target, port: base + 2 });
      expect(from.error).toBe('EHOSTUNREACH');
      const connection = { ...ends, src_port: from.port, dst_port: base + 2 };
      const events = await lifeOf(watch(), connection, 'connection.timeout');
      expect(namesOf(events)).toEqual(['attempt', 'timeout']);
      expect(events[1]).toMatchObject({ ...own(), outcome: 'timeout', error: 'EHOSTUNREACH' });
    });

    test('to a neighbour that is not there', async () => {
      const nobody = family === 4 ? '10.71.250.250' : 'fd71:dead::1';
      const host = target.replace(dst_ip, nobody);
      const from = await client.connect({ host, port: base + 3 });
      // The last SYN and the search for the neighbour end at about the same time.
      expect(from.error).toMatch(/^(EHOSTUNREACH|ETIMEDOUT)$/);
      const connection = { src_ip, dst_ip: nobody, dst_port: base + 3 };
      const events = await lifeOf(watch(), connection, 'connection.timeout');
      expect(namesOf(events)).toEqual(['attempt', 'timeout']);
      for (const event of events) expect(event).toMatchObject(own());
      expect(events[1]).toMatchObject({
        outcome: 'timeout',
        error: from.error,
        conn_state: 'S0',
      });
      expect(events[1]!.src_port).toBeGreaterThan(1023);
    });

    test('that the server resets', async () => {
      const { port } = await server.listen({ host: bind, mode: 'reset', receive: 10 });
      const from = await client.connect({ host: target, port, send: 10, receive: 1 });
      expect(from.error).toBe('ECONNRESET');
      const connection = { ...ends, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.reset');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'reset']);
      expect(events[2]).toMatchObject({
        ...own(),
        outcome: 'reset',
        conn_state: 'RSTR',
        error: 'ECONNRESET',
        orig_bytes: 10,
      });
    });

    test('that this host resets', async () => {
      const { port } = await server.listen({ host: bind, mode: 'echo' });
      const talk = { send: 10, receive: 10, end: 'reset' } as const;
      const from = await client.connect({ host: target, port, ...talk });
      const connection = { ...ends, src_port: from.port, dst_port: port };
      const events = await lifeOf(watch(), connection, 'connection.reset');
      expect(namesOf(events)).toEqual(['attempt', 'open', 'reset']);
      expect(events[2]).toMatchObject({
        ...own(),
        outcome: 'reset',
        conn_state: 'RSTO',
        orig_bytes: 10,
        resp_bytes: 10,
      });
    });
  });
});

function between(family: 4 | 6) {
  return { family, src_ip: VICTIM[family], dst_ip: SCANNER[family] };
}
