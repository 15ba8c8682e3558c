import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../test/flow/lines.ts';
import type { Spec } from '../../test/flow/records.ts';
import { problems } from '../../test/flow/schema.ts';
import { lineSink } from '../agent/line-sink.ts';
import { Flow, FLOW_DEFAULTS } from '../flow/flow.ts';
import { ALL_EVENTS } from '../model/events.ts';
import { ByteWindow } from '../packet/byte-window.ts';
import { Output } from '../sinks/output.ts';
import { Flag, Form } from '../wire/layout.gen.ts';
import { isJson, JsonLines } from './json-lines.ts';
import { LogNames } from './log-names.ts';

interface Read {
  /** The same log again. */
  lines: string[];
  strange: number;
  fault: string | undefined;
}

/** Reads a log in pieces of a size, and tells its events again. */
function readLog(text: string | Uint8Array, piece = 1 << 20): Read {
  let written = '';
  const names = new LogNames();
  const target = {
    name: 'test',
    write(bytes: Uint8Array, offset: number, length: number) {
      written += new TextDecoder().decode(bytes.subarray(offset, offset + length));
      return length;
    },
  };
  const output = new Output({ target });
  const sink = lineSink('json', { output, clock: { offsetUs: 0 }, events: ALL_EVENTS, names });
  const flow = new Flow({
    ...FLOW_DEFAULTS,
    maxConnections: 1024,
    seed: 1,
    watchesAnswers: false,
    followsPackets: true,
    listener: sink,
    answered: () => 0,
  });
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const reader = new JsonLines(names);
  const take = () => {
    names.host = reader.host;
    flow.take(reader.records);
  };
  const window = new ByteWindow();
  for (let at = 0; at < bytes.length; at += piece) {
    window.take(
      Uint8Array.from(bytes.subarray(at, at + piece)),
      0,
      Math.min(piece, bytes.length - at),
    );
    while (reader.next(window)) take();
  }
  reader.end();
  while (reader.next(window)) take();
  sink.stop();
  const { strange, fault } = reader;
  return { lines: written.split('\n').slice(0, -1), strange, fault };
}

const curl = { comm: 'curl', pid: 812, uid: 1000, cgroup: 77, start: 100, from: 1 };
const nginx = { comm: 'ngin\u00fc "1"', pid: 20, uid: 33, cgroup: 78, start: 100, from: 2 };
const far = { src: '2001:db8::1', dst: '2001:db8::2' };

/** Live events, and those of captures, each with all that it may have. */
const EVENTS: Spec[] = [
  { kind: 'ATTEMPT', socket: curl },
  { kind: 'OPEN', at: 100.01, socket: { ...curl, rttUs: 150 } },
  { kind: 'CLOSE', at: 107.25, socket: { ...curl, sent: 5, received: 3, rttUs: 160, state: 9 } },
  { kind: 'ATTEMPT', ...far, isn: 8 },
  { kind: 'OPEN', ...far, isn: 8, at: 101, flags: Flag.PASSIVE, socket: nginx },
  { kind: 'CLOSE', ...far, isn: 8, at: 102, flags: Flag.PASSIVE, socket: { ...nginx, state: 9 } },
  { kind: 'ATTEMPT', isn: 9, src: '::1', dst: '::1', socket: curl },
  { kind: 'OPEN', isn: 9, src: '::1', dst: '::1', flags: Flag.PASSIVE, socket: nginx },
  { kind: 'SUM', src: '0.0.0.0', count: 9, refused: 4 },
  { kind: 'ATTEMPT', ...far, isn: 20, at: 102.5, direction: 'FORWARDED' },
  {
    kind: 'ENDED',
    ...far,
    isn: 21,
    at: 103,
    packets: { start: 102, history: 'DadA', forms: Form.MIDSTREAM, ends: { packets: [1, 1] } },
  },
  {
    kind: 'ENDED',
    ...far,
    isn: 20,
    at: 103,
    direction: 'FORWARDED',
    packets: {
      start: 102.5,
      event: 'reset',
      outcome: 'reset',
      state: 'RSTR',
      history: 'ShADadr',
      bytes: [517, 5e9],
      ends: {
        packets: [7, 8],
        ip_bytes: [900, 5.2e9],
        missed_bytes: [9, 0],
        retransmits: [1, 0],
        out_of_order: [2, 0],
        duplicate_acks: [3, 0],
        zero_windows: [4, 0],
        rtt_us: [150, 0],
      },
      vlan: 7,
      tunnel: 'GTP',
      tunnels: 2,
      forms: Form.HALF_CLOSE | Form.FLIPPED,
      metadata: {
        service: 'ssl',
        tls: {
          serverName: 'b\u00c3\u00bccher.example',
          offeredVersions: ['TLSv13'],
          offeredAlpn: ['h2', 'http/1.1'],
          ja4: 't13d1516h2_8daaf6152771_02713d6af862',
          version: 'TLSv12',
          cipher: 0x1301,
          alpn: 'h2',
          retried: true,
          subject: 'x',
          certificateNames: ['x', '*.x'],
        },
        http: {
          method: 'GET',
          target: '/',
          version: '1.1',
          host: 'x',
          userAgent: 'y',
          forwardedFor: '10.0.0.1',
          forwarded: 'for=10.0.0.1',
          status: 200,
        },
        ssh: { client: 'SSH-2.0-a', server: 'SSH-2.0-b' },
      },
    },
  },
  {
    kind: 'ENDED',
    ...far,
    at: 104,
    dstPort: 53,
    packets: {
      start: 103,
      proto: 17,
      end: 'idle',
      ends: { packets: [1, 1] },
      metadata: {
        service: 'dns',
        dns: [
          { id: 7, query: 'x', type: 'AAAA', rcode: 'NOERROR', answers: ['2001:db8::9'] },
          { id: 8, query: '', type: 'NS' },
        ],
      },
    },
  },
  {
    kind: 'ENDED',
    ...far,
    at: 105,
    srcPort: 128,
    dstPort: 129,
    packets: { start: 104, proto: 58, state: 'OTH', end: 'forced', ends: { packets: [1, 1] } },
  },
];

/** As `watch -o json` writes them. */
function log(): string[] {
  const { feed, lines } = linesOf('json', undefined, { container: (lo) => `c${lo}` });
  for (const event of EVENTS) feed(event);
  return lines();
}

/** With the start of a connection whose attempt is left out. */
const closes = () => log().filter((line) => line.includes('"event":"connection.close"'));

describe('a log of our own', () => {
  it('tells the same again, to the byte', () => {
    const lines = log();
    expect(lines.length).toBeGreaterThan(EVENTS.length - 2);
    for (const piece of [1 << 20, 100, 7])
      expect(readLog(`${lines.join('\n')}\n`, piece)).toEqual({
        lines,
        strange: 0,
        fault: undefined,
      });
  });

  it('with ends alone has attempts, at their start, once each', () => {
    const [first] = closes();
    const { lines } = readLog(`${first}\n${first}\n`);
    const [attempt, close, ...more] = lines.map((line) => JSON.parse(line) as never);
    expect(attempt).toMatchObject({
      event: 'connection.attempt',
      ts: '2021-04-28T15:28:05.000000Z',
      id: (JSON.parse(first!) as { id: string }).id,
    });
    expect(close).toEqual(JSON.parse(first!));
    expect(more).toEqual([]);
  });

  it('leaves out scans and blocks without a word, and tells of what is no event', () => {
    const [attempt] = log();
    const noise = [
      '{"ts":"2021-04-28T15:28:05.000000Z","event":"scan","src_ip":"192.0.2.1"}',
      '',
      'Listening on 0.0.0.0',
      '[1]',
      '{"event":"connection.close","dst_ip":"10.0.0.5"}',
      '{"event":"connection.close","ts":"2021-04-28T15:28:05Z","dst_ip":"10.0.0.256"}',
      '{"event":"connection.close","ts":"yesterday","dst_ip":"10.0.0.5"}',
      `{"x":"${'y'.repeat(2_000_000)}"}`,
      attempt,
      attempt!.slice(0, 90),
    ].join('\r\n');
    for (const piece of [1 << 16, 1 << 22])
      expect(readLog(noise, piece)).toEqual({ lines: [attempt], strange: 7, fault: undefined });
  });

  it('that is none of ours says so', () => {
    expect(readLog('{"log":"x"}\n').fault).toContain('none of its lines is an event');
    expect(readLog('').fault).toBeUndefined();
  });
});

describe('a log of another program', () => {
  it('may leave out what it doesn’t know', () => {
    const line =
      '{"event":"connection.close","ts":"2024-01-01T00:00:00+02:00","src_ip":"10.0.0.1","dst_ip":"10.0.0.5","further":{}}';
    const told = readLog(line).lines.map((each) => JSON.parse(each) as Record<string, unknown>);
    expect(told.flatMap(problems)).toEqual([]);
    expect(told[1]).toEqual({
      ts: '2023-12-31T22:00:00.000000Z',
      event: 'connection.close',
      id: expect.any(String) as string,
      src_ip: '10.0.0.1',
      src_port: 0,
      dst_ip: '10.0.0.5',
      dst_port: 0,
      proto: 'tcp',
      direction: 'unknown',
      community_id: expect.any(String) as string,
      outcome: 'ok',
      retransmits: 0,
    });
  });

  it('begins a connection where its duration says, and has one id for it', () => {
    const at = (ts: string, rest: object) =>
      JSON.stringify({
        src_ip: '10.0.0.1',
        src_port: 5,
        dst_ip: '10.0.0.5',
        dst_port: 80,
        ts,
        ...rest,
      });
    const two = [
      at('2024-01-01T00:00:01.500Z', { event: 'connection.refused', duration_s: 0.25 }),
      at('2024-01-01T00:00:03Z', {
        event: 'connection.close',
        start_ts: '2024-01-01T00:00:02Z',
        pid: 7,
      }),
    ];
    const told = readLog(two.join('\n')).lines.map((line) => JSON.parse(line) as never);
    expect(told).toMatchObject([
      { event: 'connection.attempt', ts: '2024-01-01T00:00:01.250000Z' },
      { event: 'connection.refused', outcome: 'refused', duration_s: 0.25 },
      { event: 'connection.attempt', ts: '2024-01-01T00:00:02.000000Z' },
      { event: 'connection.close', duration_s: 1, pid: 7, process_from: 'connect' },
    ]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
  });
});

it('whatever its fields are, each line is told in order or left out', () => {
  const names = Object.keys(JSON.parse(log().find((line) => line.includes('ssl'))!) as object);
  const [some] = closes();
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), fc.double(), fc.string())),
      (fields) => {
        const line = JSON.stringify({ ...(JSON.parse(some!) as object), ...fields });
        for (const told of readLog(`${line}\n`).lines)
          expect({ line, wrong: problems(JSON.parse(told) as never) }).toEqual({ line, wrong: [] });
      },
    ),
    { numRuns: 250 },
  );
});

it('any bytes end', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 1, max: 50 }),
      (bytes, piece) => {
        expect(readLog(bytes, piece).lines).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});

it.each([
  ['{', true],
  ['  {', true],
  ['\ufeff{"', true],
  ['\n\r\t{', true],
  ['[{', false],
  ['    ', false],
  ['root', false],
])('begins with %j: %s', (text, expected) => {
  const bytes = new TextEncoder().encode(text);
  expect(isJson(bytes, 0, bytes.length)).toBe(expected);
});
