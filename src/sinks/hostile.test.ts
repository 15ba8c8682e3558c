/** Names that others choose, in every form of output: no line ends early, none commands a terminal. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../test/flow/lines.ts';
import type { Metadata } from '../model/metadata.ts';
import { FORMATS, type Format } from './sink.ts';

/** As bytes: C0, DEL and C1 controls, quotes, escapes, UTF-8 of separators and of bidi overrides, cut and overlong. */
const NASTY = [
  '\0',
  '\t',
  '\n',
  '\r',
  '\x1b[2J',
  '\x1b]0;x\x07',
  '\x7f',
  '\x9b31m',
  '"',
  "'",
  '\\',
  '\\n',
  '","x":"',
  '-',
  '(empty)',
  '#close',
  ',',
  ' -> ',
  '\xe2\x80\xa8',
  '\xe2\x80\xae',
  '\xe2\x81\xa6',
  '\xc2\x85',
  '\xef\xbf\xbd',
  '\xc3',
  '\xff\xfe',
  '\xc0\xaf',
  '\xed\xa0\x80',
  '\xf0\x9f\x98\x80',
  'example.org',
];

const bytes = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: latin1(), maxLength: 4 })), {
    maxLength: 40,
  })
  .map((parts) => parts.join('').slice(0, 255));

function latin1() {
  return fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
}

const metadata: fc.Arbitrary<Metadata> = fc.record(
  {
    service: fc.constantFrom('ssl', 'http', 'dns', 'ssh'),
    tls: fc.record({ serverName: bytes, alpn: bytes, subject: bytes, offeredAlpn: list() }),
    http: fc.record({ method: bytes, host: bytes, target: bytes, userAgent: bytes }),
    dns: fc.array(fc.record({ id: fc.nat(65_535), query: bytes, type: bytes, answers: list() }), {
      maxLength: 4,
    }),
    ssh: fc.record({ client: bytes, server: bytes }),
  },
  { requiredKeys: [] },
);

function list() {
  return fc.array(bytes, { maxLength: 16 });
}

/** Beyond this no line goes, whatever is in it: the longest list of names, each of its bytes escaped. */
const LONGEST = 131_072;

const CONTROL =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** What is wrong with a line; undefined: nothing. */
function fault(form: Format, line: string): string | undefined {
  if (line.length > LONGEST) return 'too long';
  if (CONTROL.test(form === 'zeek' ? line.replaceAll('\t', '') : line)) return 'control character';
  if (form === 'text') return /^\d{4}(-\d\d){2} \d\d(:\d\d){2}: \S/.test(line) ? undefined : 'text';
  if (form === 'zeek')
    return line.startsWith('#') || line.split('\t').length === 22 ? undefined : 'columns';
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null ? undefined : 'no object';
}

describe.each(FORMATS)('-o %s', (form) => {
  it('tells each event in one whole line, whatever names are in it', () => {
    fc.assert(
      fc.property(metadata, bytes, bytes, (said, comm, name) => {
        const text = new TextDecoder().decode(Uint8Array.from(name, (c) => c.charCodeAt(0)));
        const { feed, sink, lines } = linesOf(form, undefined, {
          iface: () => text || 'x',
          container: () => text || 'x',
        });
        const socket = {
          comm: Uint8Array.from(comm, (c) => c.charCodeAt(0)),
          pid: 1,
          cgroup: 1,
          from: 1,
        };
        feed(
          { kind: 'ATTEMPT', socket },
          { kind: 'ENDED', packets: { metadata: said, history: 'ShAD' } },
          { kind: 'ENDED', srcPort: 53, packets: { metadata: said, proto: 17, state: 'SF' } },
        );
        const event = { name: 'x.seen', plugin: 'x', tsNs: 100e9, text: `x${text}` };
        sink.plugin({ ...event, json: JSON.stringify({ text }).slice(1, -1) });
        sink.stop();
        const written = lines();
        const connections = written.filter((line) => !line.startsWith('#')).length;
        expect(connections).toBe(form.startsWith('zeek') ? 2 : 4);
        for (const line of written) expect([fault(form, line), line]).toEqual([undefined, line]);
      }),
      { numRuns: 200 },
    );
  });
});
