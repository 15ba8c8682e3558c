/** What JSON and text tell of connections all of whose packets were seen. */
import { beforeAll, describe, expect, it } from 'vitest';
import { linesOf } from '../../test/flow/lines.ts';
import type { Spec } from '../../test/flow/records.ts';
import { problems } from '../../test/flow/schema.ts';
import type { Metadata } from '../model/metadata.ts';
import { Form } from '../wire/layout.gen.ts';

beforeAll(() => {
  process.env['TZ'] = 'UTC';
});

const TCP: Spec = {
  kind: 'ENDED',
  at: 100.5,
  packets: {
    history: 'ShADdaFf',
    bytes: [517, 5e9],
    ends: {
      packets: [7, 5_000_000],
      ip_bytes: [900, 5.2e9],
      missed_bytes: [1, 2],
      retransmits: [3, 4],
      out_of_order: [5, 6],
      duplicate_acks: [7, 8],
      zero_windows: [9, 10],
      rtt_us: [150, 0],
    },
    vlan: 4094,
    tunnel: 'GRE',
    tunnels: 2,
    forms: Form.HALF_CLOSE | Form.FLIPPED,
  },
};
const UDP: Spec = {
  kind: 'ENDED',
  at: 100.02,
  src: '2001:db8::1',
  dst: '2001:db8::2',
  dstPort: 53,
  packets: { proto: 17, state: 'SF', history: 'Dd', bytes: [30, 120], end: 'idle' },
};
const PING: Spec = {
  kind: 'ENDED',
  at: 101,
  srcPort: 8,
  dstPort: 0,
  packets: { proto: 1, state: 'OTH', bytes: [56, 56], end: 'idle' },
};

describe('an end of which the packets tell', () => {
  it('has in JSON what they showed', () => {
    const { feed, lines } = linesOf('json');
    feed(TCP, UDP, PING);
    const told = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.map(problems)).toEqual([[], [], []]);
    const [tcp, udp, ping] = told;
    expect(tcp).toMatchObject({
      event: 'connection.close',
      proto: 'tcp',
      outcome: 'ok',
      conn_state: 'SF',
      duration_s: 0.5,
      orig_bytes: 517,
      resp_bytes: 5e9,
      rtt_us: 150,
      retransmits: 7,
      history: 'ShADdaFf',
      orig_packets: 7,
      resp_packets: 5_000_000,
      orig_ip_bytes: 900,
      resp_ip_bytes: 5.2e9,
      missed_bytes: 3,
      out_of_order: 11,
      duplicate_acks: 15,
      zero_windows: 19,
      end_reason: 'end of flow',
      forms: ['half close', 'flipped'],
      vlan: 4094,
      tunnel: 'gre',
      tunnel_depth: 2,
    });
    expect(udp).toMatchObject({ proto: 'udp', end_reason: 'idle timeout', history: 'Dd' });
    for (const ofTcp of ['retransmits', 'missed_bytes', 'zero_windows', 'vlan', 'tunnel', 'forms'])
      expect(udp).not.toHaveProperty(ofTcp);
    expect(ping).toMatchObject({ proto: 'icmp', src_port: 8, dst_port: 0 });
    expect(ping).not.toHaveProperty('history');
  });

  it('of packets with wrong checksums alone has their letter; of a history of a log no counts are made up', () => {
    const { feed, lines } = linesOf('json');
    const uncounted = { bytes: [0, 0], ends: { packets: [0, 0], ip_bytes: [0, 0] } } as const;
    feed(
      { kind: 'ENDED', packets: { ...uncounted, state: 'OTH', history: 'Cc' } },
      { kind: 'ENDED', isn: 2, packets: { ...uncounted, history: 'ShADaFf' } },
    );
    const [wrong, log] = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(wrong).toMatchObject({ history: 'Cc', orig_packets: 0, resp_packets: 0 });
    expect(log).not.toHaveProperty('orig_packets');
  });

  it('of another protocol than TCP has the Community ID of that one', () => {
    const { feed, lines } = linesOf('json');
    feed({ ...PING, src: '192.168.0.89', dst: '192.168.0.1' });
    expect(JSON.parse(lines()[0]!)).toMatchObject({
      community_id: '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    });
  });

  it('has what the connection said of itself', () => {
    const json = linesOf('json');
    const text = linesOf('text');
    const METADATA: Metadata[] = [
      {
        service: 'ssl',
        tls: { serverName: 'example.org', cipher: 0x1301, offeredAlpn: ['h2'], retried: true },
      },
      {
        service: 'http',
        http: { method: 'GET', host: 'b\u00c3\u00bccher.example', target: '/', status: 200 },
      },
      {
        service: 'dns',
        dns: [
          { id: 7, query: 'example.org', type: 'AAAA', rcode: 'NOERROR', answers: ['2001:db8::9'] },
          { id: 8, query: '', type: 'NS' },
        ],
      },
      { service: 'ssh', ssh: { client: 'SSH-2.0-a\u001b[2J', server: 'SSH-2.0-\\u00ff\u00ff' } },
    ];
    METADATA.forEach((metadata, isn) => {
      const ended: Spec = { kind: 'ENDED', isn, packets: { metadata } };
      json.feed(ended);
      text.feed(ended);
    });
    const told = json.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.flatMap(problems)).toEqual([]);
    expect(told).toMatchObject([
      {
        service: 'ssl',
        tls: { sni: 'example.org', cipher: '0x1301', offered_alpn: ['h2'], retried: true },
      },
      { http: { method: 'GET', host: 'bücher.example', target: '/', status: 200 } },
      {
        dns: [
          { id: 7, query: 'example.org', type: 'AAAA', rcode: 'NOERROR', answers: ['2001:db8::9'] },
          { id: 8, query: '', type: 'NS' },
        ],
      },
      { ssh: { client: 'SSH-2.0-a\u001b[2J', server: 'SSH-2.0-\\u00ff\ufffd' } },
    ]);
    expect(text.lines().map((line) => line.split(' bytes')[1])).toEqual([
      ' ssl example.org',
      ' http GET bücher.example 200',
      ' dns AAAA example.org NOERROR',
      ' ssh SSH-2.0-\\\\u00ff\\ufffd',
    ]);
  });

  it('is one line of text with state and bytes, without ports where there are none', () => {
    const { feed, lines } = linesOf('text');
    feed(TCP, UDP, PING);
    feed({ ...TCP, isn: 8, packets: { state: 'S1', end: 'forced' } });
    feed({ ...UDP, srcPort: 5974, packets: { proto: 17, state: 'S0', end: 'resources' } });
    feed({ ...TCP, isn: 9, at: 101, packets: { event: 'reset', outcome: 'reset', state: 'RSTR' } });
    expect(lines().map((line) => line.slice(21))).toEqual([
      'Connection closed: 192.0.2.56:5973 -> 10.0.0.5:80 0.500s SF 517/5000000000 bytes',
      'Connection closed: [2001:db8::1]:5973 -> [2001:db8::2]:53 0.020s udp SF 30/120 bytes',
      'Connection closed: 192.0.2.56 -> 10.0.0.5 1.000s icmp 8/0 OTH 56/56 bytes',
      'Connection closed: 192.0.2.56:5973 -> 10.0.0.5:80 0.500s S1 0/0 bytes (forced end)',
      'Connection closed: [2001:db8::1]:5974 -> [2001:db8::2]:53 0.020s udp S0 0/0 bytes (lack of resources)',
      'Connection reset: 192.0.2.56:5973 -> 10.0.0.5:80 1.000s RSTR 0/0 bytes',
    ]);
  });
});
