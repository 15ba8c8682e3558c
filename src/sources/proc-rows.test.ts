import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  TCP6_HEADER,
  TCP_HEADER,
  tcp6Text,
  tcpText,
  type TextRow,
} from '../../test/contract/proc-text.ts';
import { formatAddress } from '../wire/address.ts';
import { ProcReader } from './proc-reader.ts';
import { newRow, parseRows, type ProcRow } from './proc-rows.ts';

function parse(text: string): { rows: Required<TextRow>[]; malformed: number; rest: string } {
  const bytes = new TextEncoder().encode(text);
  const rows: Required<TextRow>[] = [];
  let malformed = 0;
  const consumed = parseRows(
    bytes,
    bytes.length,
    newRow(),
    (row) => rows.push(toText(row)),
    () => malformed++,
  );
  return { rows, malformed, rest: text.slice(consumed) };
}

function toText({
  local,
  remote,
  localPort,
  remotePort,
  state,
  uid,
  inode,
}: ProcRow): Required<TextRow> {
  return { local: end(local, localPort), remote: end(remote, remotePort), state, uid, inode };
}

function end(words: Uint32Array, port: number): string {
  const text = formatAddress(new Uint8Array(words.buffer));
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
}

describe('parseRows', () => {
  it('reads lines as the kernel prints them', () => {
    // From a Debian 12 host: a listener and an established connection.
    const text = `${TCP_HEADER}
   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 33361 1 0000000000000000 100 0 0 10 0
  12: 0100007F:D2F0 0100007F:0050 01 0000000A:0000000B 02:000004D2 00000003     0        0 33362 2 ffff8d0c4f5a8000 20 4 30 10 -1
${TCP6_HEADER}
   1: 0000000000000000FFFF00000500000A:0016 0000000000000000FFFF0000380200C0:1755 01 00000000:00000000 00:00000000 00000000     0        0 5 1 0000000000000000 20 4 30 10 -1
   2: B80D0120000000000000000001000000:01BB 00000000000000000000000001000000:FFFF 06 00000000:00000000 03:000016A0 00000000     0        0 0 3 0000000000000000
`;
    expect(parse(text)).toEqual({
      rows: [
        { local: '127.0.0.1:80', remote: '0.0.0.0:0', state: 10, uid: 1000, inode: 33361 },
        { local: '127.0.0.1:54000', remote: '127.0.0.1:80', state: 1, uid: 0, inode: 33362 },
        { local: '10.0.0.5:22', remote: '192.0.2.56:5973', state: 1, uid: 0, inode: 5 },
        { local: '[2001:db8::1]:443', remote: '[::1]:65535', state: 6, uid: 0, inode: 0 },
      ],
      malformed: 0,
      rest: '',
    });
  });

  it.each([
    ['no number', 'x: 0100007F:0050 0100007F:0050 01 0:0 0:0 0 0 0 5 1'],
    ['no colon', '0 0100007F:0050 0100007F:0050 01 0:0 0:0 0 0 0 5 1'],
    ['a short address', '0: 100007F:0050 0100007F:0050 01 0:0 0:0 0 0 0 5 1'],
    [
      'addresses of two kinds',
      '0: 0100007F:0050 0000000000000000FFFF00000500000A:0016 01 0:0 0:0 0 0 0 5 1',
    ],
    ['no hex digit', '0: 0100007G:0050 0100007F:0050 01 0:0 0:0 0 0 0 5 1'],
    ['a long port', '0: 0100007F:00500 0100007F:0050 01 0:0 0:0 0 0 0 5 1'],
    ['no port', '0: 0100007F 0100007F:0050 01 0:0 0:0 0 0 0 5 1'],
    ['state 0', '0: 0100007F:0050 0100007F:0050 00 0:0 0:0 0 0 0 5 1'],
    ['a state beyond', '0: 0100007F:0050 0100007F:0050 0E 0:0 0:0 0 0 0 5 1'],
    ['no inode', '0: 0100007F:0050 0100007F:0050 01 0:0 0:0 0 0 0'],
    ['a negative user', '0: 0100007F:0050 0100007F:0050 01 0:0 0:0 0 -1 0 5 1'],
    ['a user beyond 32 bits', '0: 0100007F:0050 0100007F:0050 01 0:0 0:0 0 4294967296 0 5 1'],
    ['an inode with a letter', '0: 0100007F:0050 0100007F:0050 01 0:0 0:0 0 0 0 5x 1'],
    ['other text', 'hello'],
    ['bytes', '\0\x01\xff'],
  ])('counts %s as malformed', (_, line) => {
    const good = '0: 0100007F:0050 0100007F:0050 01 0:0 0:0 0 0 0 5 1';
    expect(parse(`${good}\n${line}\n${good}\n`)).toMatchObject({ rows: [{}, {}], malformed: 1 });
  });

  it('skips headers and blank lines, and leaves the line that has no end yet', () => {
    expect(parse(`\n${TCP_HEADER}\n   \n${TCP6_HEADER}\n  0: 01`)).toEqual({
      rows: [],
      malformed: 0,
      rest: '  0: 01',
    });
  });

  it('takes any bytes without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const consumed = parseRows(
          bytes,
          bytes.length,
          newRow(),
          () => undefined,
          () => undefined,
        );
        expect(consumed).toBe(bytes.lastIndexOf(10) + 1);
      }),
    );
  });

  it('survives a cut at every byte', () => {
    const text = tcpText([{ local: '10.0.0.5:22', remote: '192.0.2.56:5973', uid: 7, inode: 123 }]);
    for (let length = 0; length <= text.length; length++) {
      const { rows, malformed } = parse(`${text.slice(0, length)}\n`);
      expect(rows.length + malformed).toBeLessThanOrEqual(1);
      const ends = rows.map(({ local, remote }) => `${local} ${remote}`);
      expect(ends).toEqual(rows.map(() => '10.0.0.5:22 192.0.2.56:5973'));
    }
  });
});

const PORT = fc.nat(65535);
const REST = {
  state: fc.integer({ min: 1, max: 13 }),
  uid: fc.nat(0xffffffff),
  inode: fc.nat(0xffffffff),
};
const V4_ROW = fc.record({
  local: fc.tuple(fc.ipV4(), PORT).map(([ip, port]) => `${ip}:${port}`),
  remote: fc.tuple(fc.ipV4(), PORT).map(([ip, port]) => `${ip}:${port}`),
  ...REST,
});
const V6 = fc
  .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), PORT)
  .map(([bytes, port]) => end(new Uint32Array(Uint8Array.from(bytes).buffer), port));
const V6_ROW = fc.record({ local: V6, remote: V6, ...REST });

describe('ProcReader', () => {
  let path: string;
  beforeAll(() => {
    path = join(mkdtempSync(join(tmpdir(), 'rows-')), 'tcp');
  });
  afterAll(() => rmSync(join(path, '..'), { recursive: true }));

  function read(text: string): { rows: Required<TextRow>[]; malformed: number } {
    writeFileSync(path, text);
    const reader = new ProcReader();
    const rows: Required<TextRow>[] = [];
    reader.read(path, (row) => rows.push(toText(row)));
    return { rows, malformed: reader.malformed };
  }

  it('gives back the rows that were written', () => {
    fc.assert(
      fc.property(fc.array(V4_ROW), fc.array(V6_ROW), (rows, rows6) => {
        expect(read(tcpText(rows) + tcp6Text(rows6))).toEqual({
          rows: [...rows, ...rows6],
          malformed: 0,
        });
      }),
    );
  });

  it('joins lines that lie across two pieces', () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      local: `10.0.0.5:${i}`,
      remote: '192.0.2.1:443',
      state: 1,
      uid: i,
      inode: i,
    }));
    expect(read(tcpText(rows))).toEqual({ rows, malformed: 0 });
  });

  it('takes a last line without its end', () => {
    const row = { local: '10.0.0.5:22', remote: '192.0.2.56:5973', state: 1, uid: 7, inode: 123 };
    expect(read(tcpText([row]).trimEnd())).toEqual({ rows: [row], malformed: 0 });
    expect(read(tcpText([row]).slice(0, 200))).toEqual({ rows: [], malformed: 1 });
  });

  it('counts a line longer than its buffer once, and goes on', () => {
    const row = { local: '10.0.0.5:22', remote: '192.0.2.56:5973', state: 1, uid: 7, inode: 123 };
    expect(read(`${'x'.repeat(300_000)}\n${tcpText([row])}`)).toEqual({
      rows: [row],
      malformed: 1,
    });
    expect(read('9'.repeat(65_535))).toEqual({ rows: [], malformed: 1 });
  });

  it('reads an empty file', () => {
    expect(read('')).toEqual({ rows: [], malformed: 0 });
  });
});
