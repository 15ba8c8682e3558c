import { describe, expect, test } from 'vitest';
import { ipv4, SYN_OPTIONS, tcp } from '../../test/support/frames.ts';
import { Layers, Parsed } from './layers.ts';
import { parseRaw } from './ip.ts';
import { Segment } from './tcp.ts';
import { TcpOptions } from './tcp-options.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const NONE = {
  mss: -1,
  windowScale: -1,
  sackPermitted: false,
  sackCount: 0,
  hasTimestamp: false,
  timestamp: 0,
  timestampEcho: 0,
  fastOpen: -1,
};

describe('TCP options', () => {
  const layers = new Layers();
  const segment = new Segment();
  const options = new TcpOptions();
  const read = (tcpOptions: Buffer, missing = 0): Parsed => {
    const packet = ipv4({ src: '192.0.2.1', dst: '192.0.2.2' }, tcp({ tcpOptions }));
    layers.begin(packet, 0, packet.length - missing, packet.length);
    expect(parseRaw(layers, 0)).toBe(Parsed.ok);
    expect(segment.read(layers)).toBe(Parsed.ok);
    return options.read(layers, segment);
  };

  test.each([
    ['none', '', {}],
    [
      'what Linux sends',
      SYN_OPTIONS.toString('hex'),
      { mss: 1460, windowScale: 7, sackPermitted: true, hasTimestamp: true, timestamp: 1 },
    ],
    ['behind the end', '00 020405b4 000000', {}],
    [
      'timestamps',
      '0101 080a 01020304 fffefdfc',
      { hasTimestamp: true, timestamp: 0x01020304, timestampEcho: 0xfffefdfc },
    ],
    ['a scale that is too large', '03030f 01', { windowScale: 14 }],
    ['one SACK block', '0101 050a 00000001 80000000', { sackCount: 1 }],
    ['a request for a fast open cookie', '2202 0101', { fastOpen: 0 }],
    ['a fast open cookie', '220a 0102030405060708 0101', { fastOpen: 8 }],
    ['a fast open cookie of the experiment', 'fe0c f989 0102030405060708', { fastOpen: 8 }],
    ['another experiment', 'fe04 1234', {}],
    ['an unknown one before', '1e06 00000000 03030101 0101', { windowScale: 1 }],
  ] as const)('%s', (_, bytes, expected) => {
    expect(read(hex(bytes))).toBe(Parsed.ok);
    expect(options).toMatchObject({ ...NONE, ...expected });
  });

  test('four SACK blocks', () => {
    expect(read(hex(`0101 0522 ${'0000000a 80000000'.repeat(4)}`))).toBe(Parsed.ok);
    expect(options.sackCount).toBe(4);
    expect([...options.sacks]).toEqual(Array.from({ length: 4 }, () => [10, 0x80000000]).flat());
  });

  test.each([
    ['an option of no bytes', '020405b4 03000000'],
    ['one of one byte', '020405b4 03010000'],
    ['one that is longer than the header', '020405b4 01010308'],
    ['one without its length', '020405b4 01010103'],
    ['another length than its kind has', '020405b4 03040000'],
    ['timestamps of four bytes', '020405b4 0804 0000'],
    ['half a SACK block', '020405b4 0506 00000000 0000'],
    ['SACK without a block', '020405b4 0502 0000'],
  ])('%s: those before it count', (_, bytes) => {
    expect(read(hex(bytes))).toBe(Parsed.malformed);
    expect(options).toMatchObject({ ...NONE, mss: 1460 });
  });

  test('what was not captured is not read', () => {
    for (let missing = 1; missing <= SYN_OPTIONS.length; missing++)
      expect(read(SYN_OPTIONS, missing)).toBe(Parsed.cut);
    expect(read(SYN_OPTIONS, 4)).toBe(Parsed.cut);
    expect(options).toMatchObject({ mss: 1460, hasTimestamp: true, windowScale: -1 });
  });
});
