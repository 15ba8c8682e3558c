import { describe, expect, it } from 'vitest';
import { linesOf } from '../../test/flow/lines.ts';
import type { Spec } from '../../test/flow/records.ts';
import { TcpState } from '../model/tcp-state.ts';
import { zeekText } from './zeek-text.ts';

/** Of every conn.log in the baseline of Zeek 9.0's own tests, but for the times. */
const FIELDS = [
  '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes',
  'conn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes',
  'tunnel_parents\tip_proto',
].join('\t');
const TYPES = [
  '#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount',
  'string\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount',
  'set[string]\tcount',
].join('\t');

const WEB: Spec = {
  kind: 'ENDED',
  direction: 'UNKNOWN',
  at: 101.5000019,
  src: '192.168.0.1',
  dst: '8.8.4.4',
  packets: {
    start: 100.25,
    history: 'ShADdaFf',
    bytes: [517, 5e9],
    ends: { packets: [7, 8], ip_bytes: [900, 5.1e9], missed_bytes: [1, 2] },
    metadata: { service: 'http', http: { host: 'example.org' } },
  },
};
/** One datagram: no duration, and so no bytes. */
const DATAGRAM: Spec = {
  kind: 'ENDED',
  direction: 'UNKNOWN',
  at: 100,
  src: '2001:db8::1',
  dst: '2a00::2',
  srcPort: 65_535,
  dstPort: 53,
  packets: {
    proto: 17,
    state: 'S0',
    history: 'D',
    ends: { packets: [1, 0], ip_bytes: [70, 0] },
    end: 'idle',
  },
};
const PING: Spec = {
  kind: 'ENDED',
  direction: 'UNKNOWN',
  at: 103,
  src: 'fe80::1',
  dst: 'fe80::2',
  srcPort: 128,
  dstPort: 129,
  packets: { proto: 58, state: 'OTH', bytes: [56, 56] },
};

const masked = (line: string): string =>
  line.replace(/\tC[0-9a-f]{16}\t/, '\tC\t').replace(/\d{4}(-\d\d){5}$/, 'TIME');

describe('conn.log', () => {
  it('is Zeek’s, byte for byte', () => {
    const { feed, sink, lines } = linesOf('zeek');
    feed({ kind: 'ATTEMPT' }, WEB, DATAGRAM, PING, { kind: 'SCAN', verdict: { ports: [1] } });
    sink.stop();
    expect(lines().map(masked)).toEqual([
      '#separator \\x09',
      '#set_separator\t,',
      '#empty_field\t(empty)',
      '#unset_field\t-',
      '#path\tconn',
      '#open\tTIME',
      FIELDS,
      TYPES,
      '1619623685.250000\tC\t192.168.0.1\t5973\t8.8.4.4\t80\ttcp\thttp\t1.250001\t517\t5000000000\tSF\tT\tF\t3\tShADdaFf\t7\t900\t8\t5100000000\t-\t6',
      '1619623685.000000\tC\t2001:db8::1\t65535\t2a00::2\t53\tudp\t-\t-\t-\t-\tS0\tT\tF\t0\tD\t1\t70\t0\t0\t-\t17',
      '1619623685.000000\tC\tfe80::1\t128\tfe80::2\t129\ticmp\t-\t3.000000\t56\t56\tOTH\tT\tT\t0\t-\t1\t0\t1\t0\t-\t58',
      '#close\tTIME',
    ]);
  });

  it('of a connection seen at its socket has no packets, and its own end is local', () => {
    const { feed, lines } = linesOf('zeek');
    const curl = { comm: 'curl', pid: 812, start: 100, from: 1 };
    const far = { src: '198.17.0.1', dst: '8.8.8.8' };
    feed({ ...far, kind: 'ATTEMPT', socket: curl }, { ...far, kind: 'OPEN', socket: curl });
    const over = { ...curl, sent: 3, received: 4, state: TcpState.LAST_ACK };
    feed({ ...far, kind: 'CLOSE', at: 102, socket: over });
    expect(masked(lines().at(-1)!)).toBe(
      '1619623685.000000\tC\t198.17.0.1\t5973\t8.8.8.8\t80\ttcp\t-\t2.000000\t3\t4\tSF\tT\tF\t0\t-\t-\t-\t-\t-\t-\t6',
    );
  });

  it('ends and begins anew when its file is another one', () => {
    const { feed, sink, lines } = linesOf('zeek');
    feed(WEB);
    (sink as unknown as { endFile: () => void }).endFile();
    feed({ ...WEB, isn: 8 });
    sink.stop();
    const kinds = lines().map((line) => /^#?\w+/.exec(line)![0]);
    expect(kinds.filter((kind) => /open|close|16/.test(kind))).toEqual([
      '#open',
      '1619623685',
      '#close',
      '#open',
      '1619623685',
      '#close',
    ]);
  });

  it('without a connection is a log without lines', () => {
    const { sink, lines } = linesOf('zeek');
    sink.stop();
    expect(lines().map((line) => line.split(/\s/)[0])).toEqual([
      '#separator',
      '#set_separator',
      '#empty_field',
      '#unset_field',
      '#path',
      '#open',
      '#fields',
      '#types',
      '#close',
    ]);
  });

  it('as JSON is an object per line, without what isn’t set', () => {
    const { feed, sink, lines } = linesOf('zeek-json');
    feed(WEB, DATAGRAM, { ...PING, packets: { proto: 1, history: '\\"-' } });
    sink.stop();
    const told = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told[0]).toEqual({
      ts: 1619623685.25,
      uid: expect.stringMatching(/^C[0-9a-f]{16}$/) as string,
      'id.orig_h': '192.168.0.1',
      'id.orig_p': 5973,
      'id.resp_h': '8.8.4.4',
      'id.resp_p': 80,
      proto: 'tcp',
      service: 'http',
      duration: 1.250001,
      orig_bytes: 517,
      resp_bytes: 5e9,
      conn_state: 'SF',
      local_orig: true,
      local_resp: false,
      missed_bytes: 3,
      history: 'ShADdaFf',
      orig_pkts: 7,
      orig_ip_bytes: 900,
      resp_pkts: 8,
      resp_ip_bytes: 5.1e9,
      ip_proto: 6,
    });
    for (const unset of ['service', 'duration', 'orig_bytes', 'tunnel_parents'])
      expect(told[1]).not.toHaveProperty(unset);
    expect(told[2]).toMatchObject({ proto: 'icmp', history: '\\\\"-' });
    expect(told).toHaveLength(3);
  });
});

it.each([
  ['', '(empty)'],
  ['-', '\\x2d'],
  ['(empty)', '\\x28empty)'],
  ['--', '--'],
  ['a\tb\nc', 'a\\x09b\\x0ac'],
  ['\\x', '\\\\x'],
  ['\u00fc\u2028', '\\xc3\\xbc\\xe2\\x80\\xa8'],
])('text %j is written %s', (text, written) => {
  const out = new Uint8Array(64);
  const bytes = new TextEncoder().encode(text);
  const end = zeekText(out, 0, bytes, 0, bytes.length);
  expect(new TextDecoder().decode(out.subarray(0, end))).toBe(written);
});
