import { describe, expect, test } from 'vitest';
import { ethernet, extension, ip } from '../../test/support/frames.ts';
import {
  behind,
  ENDS4,
  ENDS6,
  hex,
  LINKS,
  llc,
  MACS,
  qinq,
  SYN,
  V4,
  V6,
  vlan,
} from '../../test/support/links.ts';
import { Protocol } from './ip.ts';
import { Layers, Parsed } from './layers.ts';
import { linkParser } from './link.ts';
import { linkTypeText } from './link-type.ts';
import { Segment, SegmentKind } from './tcp.ts';

const OTHER: readonly [name: string, linkType: number, frame: Buffer][] = [
  ['ARP', 1, behind(`${MACS} 0806`)],
  [
    'nine tags',
    1,
    ethernet(
      V4,
      Array.from({ length: 9 }, () => vlan),
    ),
  ],
  ['MPLS with something else', 1, behind(`${MACS} 8847 00010140 00`)],
  ['MPLS without a bottom', 1, behind(`${MACS} 8847 ${'00010040'.repeat(17)}`)],
  ['LLC of spanning trees', 1, llc('42 42 03')],
  ['SNAP of others', 1, llc('aa aa 03 00000c 2000')],
  ['loopback of another family', 0, behind('07000000')],
  ['PPP link control', 9, behind('c021')],
  ['raw, no version of IP', 101, hex('50000000')],
];

describe('the way to the transport header', () => {
  const layers = new Layers();
  const segment = new Segment();
  const parse = (linkType: number, frame: Uint8Array, length = frame.length): Parsed => {
    layers.begin(frame, 0, frame.length, length);
    return linkParser(linkType)!(layers, 0);
  };

  test.each(LINKS)('%s', (_, linkType, frame) => {
    expect(parse(linkType, frame)).toBe(Parsed.ok);
    expect(layers.protocol).toBe(Protocol.tcp);
    expect(segment.read(layers)).toBe(Parsed.ok);
    expect(segment).toMatchObject({ srcPort: 1234, dstPort: 80, kind: SegmentKind.attempt });
  });

  test.each(LINKS)('%s, captured in part', (_, linkType, frame) => {
    for (let length = 0; length < frame.length - 20; length++) {
      const parsed = parse(linkType, frame.subarray(0, length), frame.length);
      const result = parsed === Parsed.ok ? segment.read(layers) : parsed;
      expect(result).toBe(Parsed.cut);
    }
  });

  test.each([
    ['none', ethernet(V4), -1],
    ['802.1Q', ethernet(V4, [vlan]), 7],
    ['the outer one of two', ethernet(V4, [qinq, vlan]), 8],
    ['with a priority', behind(`${MACS} 8100 e123 0800`), 0x123],
    ['only a priority', behind(`${MACS} 8100 e000 0800`), 0],
  ] as const)('a VLAN: %s', (_, frame, id) => {
    expect(parse(1, frame)).toBe(Parsed.ok);
    expect(layers.vlan).toBe(id);
  });

  test.each([
    ['IPv4', V4, 40],
    ['IPv4 with options', ip({ ...ENDS4, ipOptions: Buffer.alloc(8, 1) }, SYN), 48],
    ['IPv4 without a length', ip({ ...ENDS4, totalLength: 0 }, SYN), 40],
    ['IPv6', V6, 60],
    ['IPv6 with extensions', ip({ ...ENDS6, extensions: [extension('HOP')] }, SYN), 68],
    ['IPv6 without a length', ip({ ...ENDS6, payloadLength: 0 }, SYN), 60],
  ] as const)('length and time to live: %s', (_, packet, ipLength) => {
    expect(parse(1, ethernet(packet))).toBe(Parsed.ok);
    expect(layers).toMatchObject({ ip: 14, ipLength, ttl: 64 });
    expect(layers.transport).toBe(14 + ipLength - 20);
  });

  test.each(OTHER)('%s has none', (_, linkType, frame) => {
    expect(parse(linkType, frame)).toBe(Parsed.other);
  });
});

test('link types that are not decoded have a name', () => {
  expect(linkParser(127)).toBeUndefined();
  expect(linkTypeText(127)).toBe('127 (IEEE802_11_RADIOTAP)');
  expect(linkTypeText(149)).toBe('149 (USER2)');
  expect(linkTypeText(9999)).toBe('9999 (no known one)');
});
