/** Packets alone, without BPF: every way in which a connection can go, and scans. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Connect, Connected, Listener, Peer } from '../support/peer.ts';
import { otherScanner, SCANNER, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { lifeOf, lived } from './connections.ts';

const STAMP = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;

suite('a connection by its packets', ['nmap'], () => {
  const rig = useRig('direct');
  const options = ['--source', 'pcap', '-i', VICTIM_IF, '-i', 'lo'];
  const watch = useWatch(rig, [...options, '-o', 'json']);
  let here: Peer;
  let there: Peer;
  beforeAll(async () => {
    [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
    for (const place of [rig().victim, rig().scanner])
      await place.nft(`
          table inet pwrules {
            chain input {
              type filter hook input priority 0;
              tcp dport 2001 drop
              meta nfproto ipv4 tcp dport 2002 reject with icmp type port-unreachable
              meta nfproto ipv6 tcp dport 2002 reject with icmpv6 type port-unreachable
              tcp dport 2003 reject with tcp reset
            }
          }`);
  });

  const WAYS = [
    { name: 'in', direction: 'inbound', unanswered: 'dropped' },
    { name: 'out', direction: 'outbound', unanswered: 'timeout' },
    { name: 'within', direction: 'local', unanswered: 'dropped' },
  ] as const;
  const ALL = WAYS.flatMap((way) => ([4, 6] as const).map((family) => ({ way, family })));

  describe.concurrent.each(ALL)('$way.name, IPv$family', ({ way, family }) => {
    const { direction, unanswered } = way;
    const host = direction === 'outbound' ? SCANNER[family] : VICTIM[family];
    const client = () => (direction === 'inbound' ? there : here);
    const server = () => (direction === 'outbound' ? there : here);
    const iface = direction === 'local' ? 'lo' : VICTIM_IF;

    /** Connects, and tells what is known of the connection before it is seen. */
    async function connect(how: Omit<Connect, 'host'>): Promise<Connected & { ends: object }> {
      const from = await client().connect({ host, seconds: 0.5, ...how });
      return { ...from, ends: { src_port: from.port, dst_port: how.port, direction, iface } };
    }
    const listen = (how: Omit<Listener, 'host'>) => server().listen({ host, ...how });

    test('that goes well', async () => {
      const { port } = await listen({ mode: 'answer', receive: 1000, send: 50_000 });
      const beforeMs = Date.now();
      const { ends } = await connect({ port, send: 1000, receive: 50_000 });
      const events = await lifeOf(watch(), ends, 'connection.close');
      expect(lived(events)).toBe('attempt open close');
      const [attempt, , close] = events;
      expect(close).toMatchObject({
        outcome: 'ok',
        conn_state: 'SF',
        orig_bytes: 1000,
        resp_bytes: 50_000,
        start_ts: attempt!.ts,
      });
      expect(close!.pid).toBeUndefined();
      expect(Date.parse(attempt!.ts)).toBeGreaterThan(beforeMs - 50);
      expect(Date.parse(close!.ts)).toBeLessThan(Date.now() + 50);
    });

    test('that stays open, and is told as opened without its end', async () => {
      const { port } = await listen({ mode: 'echo' });
      const { ends, connection } = await connect({ port, end: 'hold' });
      await watch().event({ ...ends, event: 'connection.open' });
      await client().end(connection);
      expect(lived(await lifeOf(watch(), ends, 'connection.close'))).toBe('attempt open close');
    });

    test('that the originator resets', async () => {
      const { port } = await listen({ mode: 'echo' });
      const { ends } = await connect({ port, send: 10, receive: 10, end: 'reset' });
      const events = await lifeOf(watch(), ends, 'connection.reset');
      expect(lived(events)).toBe('attempt open reset');
      expect(events[2]).toMatchObject({ outcome: 'reset', conn_state: 'RSTO', orig_bytes: 10 });
    });

    test('that the responder resets', async () => {
      const { port } = await listen({ mode: 'reset', receive: 10 });
      const { ends } = await connect({ port, send: 10, receive: 1 });
      const events = await lifeOf(watch(), ends, 'connection.reset');
      expect(lived(events)).toBe('attempt open reset');
      expect(events[2]).toMatchObject({ outcome: 'reset', conn_state: 'RSTR' });
    });

    test.each([
      { name: 'closed', port: 7 },
      { name: 'that the firewall rejects by ICMP', port: 2002 },
      { name: 'that the firewall rejects by RST', port: 2003 },
    ])('to a port $name', async ({ port }) => {
      // of IPv6 the kernel takes only the ICMP that answers the second SYN, 1 s later
      const { ends, error } = await connect({ port, seconds: 5 });
      expect(error).toBe('ECONNREFUSED');
      const events = await lifeOf(watch(), ends, 'connection.refused');
      expect(lived(events)).toBe('attempt refused');
      expect(events[1]).toMatchObject({ outcome: 'refused', conn_state: 'REJ' });
    });

    test('that nobody answers', async () => {
      const { ends, error } = await connect({ port: 2001 });
      expect(error).toBe('ETIMEDOUT');
      const events = await lifeOf(watch(), ends, 'connection.timeout');
      expect(lived(events)).toBe('attempt timeout');
      expect(events[1]).toMatchObject({ outcome: unanswered, conn_state: 'S0' });
      expect(events[1]!.duration_s).toBeCloseTo(3, 1);
    });
  });

  describe.concurrent.each([4, 6] as const)('a scan, IPv%d', (family) => {
    const v6 = family === 6 ? ['-6'] : [];

    test('is found, and its half-open handshakes are told as reset', async () => {
      const { port } = await here.listen({ host: VICTIM[family], mode: 'echo' });
      const source = otherScanner(1, family);
      const scan = ['-n', '-Pn', '-sS', '-e', SCANNER_IF, '-S', source];
      const ports = [21, 22, 23, port];
      await rig().scanner.must(['nmap', ...v6, ...scan, '-p', ports.join(), VICTIM[family]]);
      const verdict = await watch().event({ event: 'scan', src_ip: source });
      expect(verdict).toMatchObject({ kind: 'vertical', dst_ip: VICTIM[family], ports });
      const events = await lifeOf(
        watch(),
        { src_ip: source, dst_port: port, direction: 'inbound' },
        'connection.reset',
      );
      expect(lived(events)).toBe('attempt reset');
      expect(events[1]).toMatchObject({ outcome: 'reset', conn_state: 'RSTO' });
      expect(watch().events({ event: 'scan', src_ip: source })).toHaveLength(1);
    });
  });
});

suite('packets as text', ['nmap'], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['--source', 'pcap', '-i', VICTIM_IF]);

  test.each([4, 6] as const)('IPv%d', async (family) => {
    const source = otherScanner(1, family);
    const scan = ['-n', '-Pn', '-sS', '-p', '80-83', '-e', SCANNER_IF, '-S', source];
    await rig().scanner.must(['nmap', ...(family === 6 ? ['-6'] : []), ...scan, VICTIM[family]]);
    const verdict = await watch().line(
      new RegExp(
        `^${STAMP}: Port scan detected: ${source} -> ${VICTIM[family]} on ports 80,81,82,83$`,
      ),
    );
    expect(verdict).toHaveLength(1);
    const [from, to] =
      family === 4 ? [source, VICTIM[4]] : [`\\[${source}\\]`, `\\[${VICTIM[6]}\\]`];
    for (const port of [80, 81, 82, 83]) {
      await watch().line(new RegExp(`^${STAMP}: New connection: ${from}:\\d+ -> ${to}:${port}$`));
      const refused = `^${STAMP}: Connection refused: ${from}:\\d+ -> ${to}:${port} 0\\.\\d{3}s$`;
      await watch().line(new RegExp(refused));
    }
  });
});
