/** One capture in every form of output, as its users get it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ecsProblems, ocsfProblems, problems } from '../flow/schema.ts';
import { pcap } from '../support/captures.ts';
import { run } from '../support/command.ts';
import { ethernet, icmp, ip, Tcp, tcpFrame, udpFrame } from '../support/frames.ts';
import { MAIN } from '../support/rig.ts';

const START = 1_700_000_000;
const A = { src: '192.0.2.1', dst: '198.18.0.2', srcPort: 40_000, dstPort: 80 };
const B = { src: A.dst, dst: A.src, srcPort: 80, dstPort: 40_000 };
const GET = Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n');
const ASKED = 1001 + GET.length;

/** A request that is answered and both ends close; one that is refused; a datagram; a ping. */
const FRAMES = [
  tcpFrame({ ...A, seq: 1000 }),
  tcpFrame({ ...B, seq: 5000, ack: 1001, flags: Tcp.SYN | Tcp.ACK }),
  tcpFrame({ ...A, seq: 1001, ack: 5001, flags: Tcp.ACK }),
  tcpFrame({ ...A, seq: 1001, ack: 5001, flags: Tcp.ACK | Tcp.PSH, payload: GET }),
  tcpFrame({ ...B, seq: 5001, ack: ASKED, flags: Tcp.ACK, payload: Buffer.alloc(500, 65) }),
  tcpFrame({ ...A, seq: ASKED, ack: 5501, flags: Tcp.ACK | Tcp.FIN }),
  tcpFrame({ ...B, seq: 5501, ack: ASKED + 1, flags: Tcp.ACK | Tcp.FIN }),
  tcpFrame({ ...A, seq: ASKED + 1, ack: 5502, flags: Tcp.ACK }),
  tcpFrame({ ...A, srcPort: 40_001, seq: 1 }),
  tcpFrame({ ...B, dstPort: 40_001, seq: 0, ack: 2, flags: Tcp.RST | Tcp.ACK }),
  udpFrame({ ...A, dstPort: 9, payload: Buffer.alloc(8) }),
  ethernet(ip(A, icmp(8, 0, Buffer.alloc(12)))),
];

describe.concurrent('read -o', () => {
  let folder: string;
  let capture: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'packetwatch-forms-'));
    capture = join(folder, 'dump.pcap');
    const packets = FRAMES.map((frame, i) => ({ frame, seconds: START + i, fraction: 250_000 }));
    writeFileSync(capture, pcap(packets));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach((context) => {
    if (!existsSync(MAIN)) context.skip('dist/cli/main.js is not there: make build');
  });

  const lines = async (...args: readonly string[]): Promise<string[]> => {
    const done = await run(['env', 'TZ=UTC', process.execPath, MAIN, 'read', ...args, capture]);
    expect({ ...done, stdout: '' }).toEqual({ code: 0, stdout: '', stderr: '' });
    return done.stdout.trimEnd().split('\n');
  };

  test('zeek is a conn.log', async () => {
    const log = await lines('-o', 'zeek');
    expect(log.map((line) => /^(#\w+)?/.exec(line)![0])).toEqual([
      '#separator',
      '#set_separator',
      '#empty_field',
      '#unset_field',
      '#path',
      '#open',
      '#fields',
      '#types',
      '',
      '',
      '',
      '',
      '#close',
    ]);
    const rows = log.slice(8, -1).map((line) => line.replace(/\tC[0-9a-f]{16}\t/, '\tC\t'));
    expect(rows.toSorted()).toEqual([
      expect.stringMatching(
        /^1700000000\.250000\tC\t192\.0\.2\.1\t40000\t198\.18\.0\.2\t80\ttcp\thttp\t6\.000000\t37\t500\tSF\tT\tT\t0\tShADdFf\t5\t237\t3\t620\t-\t6$/,
      ),
      '1700000008.250000\tC\t192.0.2.1\t40001\t198.18.0.2\t80\ttcp\t-\t1.000000\t0\t0\tREJ\tT\tT\t0\tSr\t1\t40\t1\t40\t-\t6',
      '1700000010.250000\tC\t192.0.2.1\t40000\t198.18.0.2\t9\tudp\t-\t-\t-\t-\tS0\tT\tT\t0\tD\t1\t36\t0\t0\t-\t17',
      '1700000011.250000\tC\t192.0.2.1\t8\t198.18.0.2\t0\ticmp\t-\t-\t-\t-\tOTH\tT\tT\t0\t-\t1\t36\t0\t0\t-\t1',
    ]);
  });

  test('zeek-json has the values of conn.log, in its types', async () => {
    const [log, objects] = [await lines('-o', 'zeek'), await lines('-o', 'zeek-json')];
    const [fields, types] = [log[6]!.split('\t').slice(1), log[7]!.split('\t').slice(1)];
    const told = objects.map((line) => JSON.parse(line) as Record<string, unknown>);
    const asInLog = (one: Record<string, unknown>): string =>
      fields.map((field, i) => zeekValue(types[i]!, one[field])).join('\t');
    expect(told.map(asInLog)).toEqual(log.slice(8, -1));
    for (const one of told) expect(fields).toEqual(expect.arrayContaining(Object.keys(one)));
  });

  test('--tcb tells the control blocks of both ends, in fields that the schemas have', async () => {
    const told = await lines('--tcb', '-o', 'json', '--filter', 'tcp and port 40000');
    const [event] = told.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect({ told: told.length, wrong: problems(event!) }).toEqual({ told: 1, wrong: [] });
    const NUMBERS = { snd_up: 0, rcv_up: 0, iss: 1000, irs: 5000 };
    expect(event!['tcb']).toEqual({
      orig: {
        state: 'TIME-WAIT',
        ...NUMBERS,
        snd_una: ASKED + 1,
        snd_nxt: ASKED + 1,
        snd_wnd: 64_240,
        snd_wl1: 5501,
        snd_wl2: ASKED + 1,
        rcv_nxt: 5502,
        rcv_wnd: 64_240,
        initial_window: 37,
        cwnd: 37,
        rtt_us: 1_000_000,
      },
      resp: expect.objectContaining({
        state: 'CLOSED',
        iss: 5000,
        snd_una: 5502,
        snd_nxt: 5502,
        irs: 1000,
        rcv_nxt: ASKED + 1,
      }) as unknown,
    });
    const [ecs] = await lines('--tcb', '-o', 'ecs', '--filter', 'tcp and port 40000');
    const mapped = JSON.parse(ecs!) as Record<string, Record<string, unknown>>;
    expect(mapped['packetwatch']!['tcb']).toEqual(event!['tcb']);
    expect(ecsProblems(mapped)).toEqual([]);
  });

  test('--tcb adds two lines to each end in text', async () => {
    const told = await lines('--tcb', '--filter', 'tcp');
    const window = (from: number, ack: number) =>
      `SND.WND 64240 SND.UP - SND.WL1 +${from} SND.WL2 +${ack}`;
    expect(told).toEqual([
      expect.stringContaining('Connection closed: 192.0.2.1:40000 -> 198.18.0.2:80'),
      `    originator TIME-WAIT ISS 1000 SND.UNA +39 SND.NXT +39 ${window(501, 39)} IRS 5000 RCV.NXT +502 RCV.WND 64240 RCV.UP - initial window 37 cwnd 37 RTT 1000000us`,
      `    responder CLOSED ISS 5000 SND.UNA +502 SND.NXT +502 ${window(39, 502)} IRS 1000 RCV.NXT +39 RCV.WND 64240 RCV.UP - initial window 500 cwnd 500 RTT 1000000us`,
      expect.stringContaining('Connection refused: 192.0.2.1:40001 -> 198.18.0.2:80'),
      expect.stringMatching(/^ {4}originator CLOSED ISS 1 .* SND\.WND - .* RCV\.WND 64240 /),
      expect.stringMatching(/^ {4}responder CLOSED .* SND\.WND 64240 .* RCV\.WND - /),
    ]);
  });

  test.each([
    [
      ['--tcb', '--records', 'attempts'],
      '--records attempts asks for none',
      '--records connections',
    ],
    [['--tcb', '--events', 'scan'], '--events scan asks for none', '--records connections'],
    [['--tcb', '-o', 'zeek'], '-o zeek has no fields for', '-o json'],
  ])('%j is refused in one line, with the mend', async (args, what, mend) => {
    const done = await run([process.execPath, MAIN, 'read', ...args, capture]);
    expect(done).toMatchObject({ code: 2, stdout: '' });
    expect(done.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(done.stderr).toContain(what);
    expect(done.stderr).toContain(mend);
  });

  test.each([
    ['json', problems],
    ['ecs', ecsProblems],
    ['ocsf', ocsfProblems],
  ] as const)('%s fits its schema', async (form, problemsOf) => {
    const told = await lines('-o', form, '--records', 'all');
    expect(told).toHaveLength(7);
    for (const line of told)
      expect({ line, wrong: problemsOf(JSON.parse(line) as Record<string, unknown>) }).toEqual({
        line,
        wrong: [],
      });
  });

  test('text has a line for each end', async () => {
    const told = await lines('--records', 'connections');
    expect(told.map((line) => line.slice(21)).toSorted()).toEqual([
      expect.stringMatching(
        /^Connection closed: 192\.0\.2\.1:40000 -> 198\.18\.0\.2:80 6\.000s SF 37\/500 bytes/,
      ),
      'Connection closed: 192.0.2.1:40000 -> 198.18.0.2:9 0.000s udp S0 8/0 bytes',
      'Connection refused: 192.0.2.1:40001 -> 198.18.0.2:80 1.000s REJ 0/0 bytes',
      'Connection timeout: 192.0.2.1 -> 198.18.0.2 0.000s icmp 8/0 OTH 8/0 bytes',
    ]);
  });
});

/** A value of zeek-json as conn.log has it; what is of another type than #types says shows as that. */
function zeekValue(type: string, value: unknown): string {
  if (value === undefined) return '-';
  if (type === 'bool' && typeof value === 'boolean') return value ? 'T' : 'F';
  if (/^(time|interval)$/.test(type) && typeof value === 'number') return value.toFixed(6);
  if (/^(port|count)$/.test(type) && typeof value === 'number') return String(value);
  if (/^(string|addr|enum)$/.test(type) && typeof value === 'string') return value;
  return `${type} ${JSON.stringify(value)}`;
}
