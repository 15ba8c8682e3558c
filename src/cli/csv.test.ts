import { describe, expect, it } from 'vitest';
import type { JsonConnection } from '../model/json.ts';
import { csv as csvOf } from './csv.ts';
import { CONNECTION_COLUMNS } from './query-kinds.ts';

const csv = (all: readonly JsonConnection[], withHeader: boolean): string =>
  csvOf(CONNECTION_COLUMNS, all, withHeader);

const CONNECTION: JsonConnection = {
  ts: '2026-04-28T15:28:05.000001Z',
  event: 'connection.close',
  id: '0123456789abcdef',
  src_ip: '192.0.2.56',
  src_port: 5973,
  dst_ip: '2001:db8::5',
  dst_port: 80,
  proto: 'tcp',
  direction: 'inbound',
};

/** The cells of the one row, by the header; no cell here has a comma or a line's end in it. */
function cellsOf(connection: JsonConnection): Record<string, string> {
  const [names, cells] = csv([connection], true)
    .split('\r\n')
    .map((line) => line.split(','));
  return Object.fromEntries(names!.map((name, i) => [name, cells![i]!]));
}

describe('CSV', () => {
  it('has a column for each field, empty where there is none', () => {
    expect(cellsOf(CONNECTION)).toMatchObject({
      ...CONNECTION,
      src_port: '5973',
      dst_port: '80',
      pid: '',
      tls: '',
    });
    expect(csv([CONNECTION, CONNECTION], false).match(/\r\n/g)).toHaveLength(2);
  });

  it.each([
    ['a"b', '"a""b"'],
    ['a,b', '"a,b"'],
    ['a\nb', '"a\nb"'],
    ['a\rb', '"a\rb"'],
    ['plain', 'plain'],
  ])('quotes as RFC 4180 says: %j', (process, cell) => {
    expect(csv([{ ...CONNECTION, process }], false)).toContain(`,${cell},`);
  });

  it.each(['=1+1', '+1', '-1', '@sum', '\tx'])('leaves no formula: %j', (process) => {
    expect(cellsOf({ ...CONNECTION, process })['process']).toBe(`'${process}`);
  });

  it('has objects as JSON', () => {
    const text = csv([{ ...CONNECTION, tls: { sni: '=x,"y"' } }], false);
    expect(text).toContain('"{""sni"":""=x,\\""y\\""""}"');
  });
});
