/** Names that peers choose, from the packets of a capture to each form of output: bounded, escaped, and still there. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { FORMATS, type Format } from '../../src/sinks/sink.ts';
import { ecsProblems, ocsfProblems, problems } from '../flow/schema.ts';
import { alpn, clientHello, serverName } from '../payload/client-hello.ts';
import { dnsMessage, RESPONSE } from '../payload/dns-message.ts';
import { Magic, type Packet, pcap } from '../support/captures.ts';
import { Tcp, tcpFrame, udpFrame } from '../support/frames.ts';
import { read, START, useFiles } from '../support/read-command.ts';

/** One character for each byte, as they go over the wire. */
const NAMES = [
  'www.example.org',
  '\x1b[2J\x1b[31mred\x1b[0m',
  '\x1b]0;title\x07bell',
  'C1 \x9b31m \x90q\x9c',
  'a\tb\vc\fd\x7fe',
  'a\nb\r\n2026-01-01 00:00:00: New connection: 10.0.0.1:1 -> 10.0.0.2:2',
  'a\0b',
  `"'\`quotes`,
  '","event":"scan","x":"',
  'back\\slash \\n \\u001b \\x1b',
  '-',
  '(empty)',
  '#close\t2026',
  '\xff\xfe\xc3',
  'overlong \xc0\xaf \xed\xa0\x80 \xf8\x88\x80\x80\x80',
  'line \xe2\x80\xa8 paragraph \xe2\x80\xa9 next \xc2\x85',
  'bidi \xe2\x80\xae \xe2\x81\xa6 \xd8\x9c \xe2\x80\x8f',
  'gr\xc3\xbc\xc3\x9fe \xf0\x9f\x98\x80',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>&amp;',
  "'; DROP TABLE conn; --",
  '$(reboot) `reboot` %s%n {{7*7}}',
  '__proto__',
  'x'.repeat(255),
  '\x1b'.repeat(255),
];

const CLIENT = (i: number): string => `10.0.0.${i}`;
const SERVER = (i: number): string => `198.51.100.${i}`;
const PORTS = { dns: 53, ssh: 22, http: 80, tls: 443 } as const;
type Protocol = keyof typeof PORTS;

/** Labels of at most 63 bytes. */
const labelsOf = (name: string): string[] => name.match(/[^]{1,63}/g)!.slice(0, 3);

/** A name on the wire: any bytes in its labels. */
function wireName(name: string): Buffer {
  const labels = labelsOf(name).map((label) => Buffer.from(label, 'latin1'));
  return Buffer.concat([
    ...labels.flatMap((one) => [Buffer.from([one.length]), one]),
    Buffer.of(0),
  ]);
}

/** As DNS names are told: dots and backslashes within a label have a backslash before them. */
const toldName = (name: string): string =>
  labelsOf(name)
    .map((label) => label.replaceAll(/[.\\]/g, '\\$&'))
    .join('.');

/** What a line of JSON should have of it. */
const decoded = (name: string): string => new TextDecoder().decode(Buffer.from(name, 'latin1'));

/** Names in DNS are the same in either case (RFC 4343), so an address has its name in one of them. */
const lowered = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

let clock = START;
const at = (frame: Buffer): Packet => ({ frame, seconds: clock++ });

/** A connection in which each end sends something once. */
function exchange(
  i: number,
  dstPort: number,
  request: Buffer,
  answer: Buffer = Buffer.alloc(0),
): Packet[] {
  const there = { src: CLIENT(i), dst: SERVER(i), srcPort: 40_000, dstPort };
  const back = { src: SERVER(i), dst: CLIENT(i), srcPort: dstPort, dstPort: 40_000 };
  const { SYN, ACK } = Tcp;
  return [
    at(tcpFrame({ ...there, seq: 99 })),
    at(tcpFrame({ ...back, flags: SYN | ACK, seq: 499, ack: 100 })),
    at(tcpFrame({ ...there, flags: ACK, seq: 100, ack: 500, payload: request })),
    at(tcpFrame({ ...back, flags: ACK, seq: 500, ack: 100 + request.length, payload: answer })),
  ];
}

function lookUp(i: number, name: string): Packet[] {
  const questions = [{ name: wireName(name) }];
  const answers = [
    { name: wireName(name), type: 5, data: wireName(name) },
    { name: wireName(name), type: 1, data: Buffer.from(SERVER(i).split('.').map(Number)) },
  ];
  const there = { src: CLIENT(i), dst: '192.0.2.53', srcPort: 40_000, dstPort: 53 };
  const back = { src: '192.0.2.53', dst: CLIENT(i), srcPort: 53, dstPort: 40_000 };
  const answer = dnsMessage({ flags: RESPONSE, questions, answers });
  return [
    at(udpFrame({ ...there, payload: dnsMessage({ questions }) })),
    at(udpFrame({ ...back, payload: answer })),
  ];
}

/** As much of a name as a line of HTTP or of SSH can have. */
const inLine = (name: string): string => name.split('\n')[0]!.replace(/\r$/, '');

function httpRequest(name: string): Buffer {
  const line = inLine(name);
  const fields = ['Host', 'X-Forwarded-For', 'User-Agent', 'Forwarded'];
  const text = [`GET /${line} HTTP/1.1`, ...fields.map((field) => `${field}: ${line}`), '', ''];
  return Buffer.from(text.join('\r\n'), 'latin1');
}

const banner = (name: string): Buffer =>
  Buffer.from(`SSH-2.0-${inLine(name).slice(0, 240)}\r\n`, 'latin1');

function hello(name: string): Buffer {
  return clientHello({
    extensions: [
      [0, serverName(name)],
      [16, alpn(name)],
    ],
  });
}

const packets = (): Packet[] =>
  NAMES.flatMap((name, i) => [
    ...lookUp(i, name),
    ...exchange(i, PORTS.tls, hello(name)),
    ...exchange(i, PORTS.http, httpRequest(name)),
    ...exchange(i, PORTS.ssh, banner(name), banner(name)),
  ]);

/** A log of others with such names in each place where a name may be. */
const log = (): string =>
  NAMES.map((name, i) =>
    JSON.stringify({
      ts: new Date((clock + i) * 1000).toISOString(),
      event: 'connection.close',
      src_ip: CLIENT(i),
      src_port: 50_000 + i,
      dst_ip: SERVER(i),
      dst_port: 8080,
      ...Object.fromEntries(
        ['iface', 'host', 'process', 'container', 'error', 'history', 'id', 'proto'].map(
          (field) => [field, decoded(name)],
        ),
      ),
      pid: 7,
      tls: { sni: name, alpn: name, certificate_names: [name] },
      http: { method: name, host: name, target: name },
      dns: [{ id: 1, query: name, type: name, rcode: name, answers: [name] }],
      ssh: { client: name, server: name },
      service: 'http',
    }),
  ).join('\n');

const CONTROL =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

type Line = Record<string, unknown>;
const parsed = (line: string): Line => JSON.parse(line) as Line;

/** What is wrong with a line. */
const FAULTS: Readonly<Record<Format, (line: string) => readonly string[]>> = {
  text: (line) => (/^\d{4}(-\d\d){2} \d\d(:\d\d){2}: Connection \S/.test(line) ? [] : ['text']),
  json: (line) => problems(parsed(line)),
  zeek: (line) => (line.startsWith('#') || line.split('\t').length === 22 ? [] : ['columns']),
  'zeek-json': (line) => (typeof parsed(line)['uid'] === 'string' ? [] : ['no uid']),
  ecs: (line) => ecsProblems(parsed(line)),
  ocsf: (line) => ocsfProblems(parsed(line)),
};

/** All texts in it. */
function* texts(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const each of Object.values(value)) yield* texts(each);
}

describe('names in a capture and in a log', () => {
  const file = useFiles();
  const told = new Map<Format, string[]>();
  beforeAll(async () => {
    const paths = [file('hostile.pcap', pcap(packets())), file('hostile.json', Buffer.from(log()))];
    const args = ['--records', 'connections', ...paths];
    const ends = FORMATS.map(async (form) => {
      const { stdout } = await read(['-o', form, ...args]);
      told.set(form, stdout.split('\n').slice(0, -1));
    });
    await Promise.all(ends);
  });

  test.each(FORMATS)('-o %s has each connection in one line that nothing gets out of', (form) => {
    const lines = told.get(form)!;
    const connections = lines.filter((line) => !line.startsWith('#'));
    expect(connections).toHaveLength(NAMES.length * 5);
    for (const line of lines) {
      const shown = form === 'zeek' ? line.replaceAll('\t', ' ') : line;
      expect(CONTROL.exec(shown)).toBeNull();
      expect(FAULTS[form](line)).toEqual([]);
    }
  });

  /** The line of a name's connection. */
  const lineOf = (lines: readonly Line[], i: number, protocol: Protocol): Line =>
    lines.find((line) => line['src_ip'] === CLIENT(i) && line['dst_port'] === PORTS[protocol])!;

  test.each(NAMES.map((name, i) => [JSON.stringify(name).slice(0, 40), name, i] as const))(
    '%s is in JSON what it was',
    (_, name, i) => {
      const lines = told.get('json')!.map(parsed);
      const whole = decoded(name);
      expect(lineOf(lines, i, 'tls')['tls']).toMatchObject({ sni: whole, offered_alpn: [whole] });
      const query = decoded(toldName(name));
      expect(lineOf(lines, i, 'dns')['dns']).toMatchObject([
        { query, type: 'A', rcode: 'NOERROR', answers: [query, SERVER(i)] },
      ]);
      expect(lineOf(lines, i, 'tls')['resp_name']).toBe(lowered(query));
      const line = decoded(inLine(name));
      expect(lineOf(lines, i, 'http')['http']).toMatchObject({
        host: line,
        forwarded_for: line,
        forwarded: line,
        user_agent: line,
        target: `/${line}`,
      });
      const side = `SSH-2.0-${decoded(inLine(name).slice(0, 240))}`;
      expect(lineOf(lines, i, 'ssh')['ssh']).toEqual({ client: side, server: side });
    },
  );

  test.each(['ecs', 'ocsf'] as const)('-o %s has them as well', (form) => {
    const all = new Set(texts(told.get(form)!.map(parsed)));
    for (const name of NAMES) {
      expect(all).toContain(decoded(name));
      expect(all).toContain(decoded(toldName(name)));
    }
  });

  test('--write has every packet as it was', async () => {
    const sent = pcap(packets(), { magic: Magic.nano });
    const written = file('written.pcap', Buffer.alloc(0));
    const { code } = await read(['--write', written, file('sent.pcap', sent)]);
    expect(code).toBe(0);
    expect(readFileSync(written).equals(sent)).toBe(true);
  });
});

describe('names that the operator gives', () => {
  const file = useFiles();
  const EVIL = '\x1b[2J\x1b]0;x\x07\n\u202e';
  const SHOWN = '\\u001b[2J\\u001b]0;x\\u0007';

  test('a file is told of in one line', async () => {
    const path = file(`${EVIL}.pcap`, Buffer.from('nothing'));
    const { code, stderr } = await read([path]);
    expect(code).toBe(1);
    expect(stderr).toContain(SHOWN);
    expect(CONTROL.exec(stderr.slice(0, -1))).toBeNull();
  });

  test.each([['--records'], ['--rule'], ['--filter'], ['--events'], ['-o'], ['--checksums']])(
    '%s is refused in one line',
    async (option) => {
      const { code, stdout, stderr } = await read([option, EVIL, 'x']);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^packetwatch: [^\n]+\n$/);
      expect(CONTROL.exec(stderr.slice(0, -1))).toBeNull();
    },
  );
});
