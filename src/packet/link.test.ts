import { describe, expect, test } from 'vitest';
import { ethernet, EtherType, extension, ip, tcp } from '../../test/support/frames.ts';
import { Protocol } from './ip.ts';
import { Layers, Parsed } from './layers.ts';
import { linkParser } from './link.ts';
import { linkTypeText } from './link-type.ts';
import { Segment, SegmentKind } from './tcp.ts';

const ENDS4 = { src: '192.0.2.1', dst: '192.0.2.2' } as const;
const ENDS6 = { src: '2001:db8::1', dst: '2001:db8::2' } as const;
const SYN = tcp({ srcPort: 1234, dstPort: 80 });
const V4 = ip(ENDS4, SYN);
const V6 = ip(ENDS6, SYN);

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const behind = (header: string, packet = V4): Buffer => Buffer.concat([hex(header), packet]);
const MACS = '020000000001 020000000002 ';
/** With the length that the frame has. */
const llc = (header: string, packet = V4): Buffer => {
  const rest = behind(header, packet);
  return Buffer.concat([hex(MACS), Buffer.from([rest.length >> 8, rest.length & 0xff]), rest]);
};
const vlan = { type: EtherType.VLAN, id: 7 } as const;
const qinq = { type: EtherType.QINQ, id: 8 } as const;

const SEEN: readonly [name: string, linkType: number, frame: Buffer][] = [
  ['Ethernet', 1, ethernet(V4)],
  ['Ethernet, IPv6', 1, ethernet(V6)],
  ['802.1Q', 1, ethernet(V4, [vlan])],
  ['802.1ad', 1, ethernet(V4, [qinq, vlan])],
  ['three tags', 1, ethernet(V4, [qinq, vlan, vlan])],
  ['old QinQ', 1, behind(`${MACS} 9100 0001 8100 0002 0800`)],
  ['802.1ah', 1, behind(`${MACS} 88a8 0001 88e7 00000001 ${MACS} 0800`)],
  ['LLC and SNAP', 1, llc('aa aa 03 000000 0800')],
  ['LLC and SNAP, IPv6', 1, llc('aa aa 03 000000 86dd', V6)],
  ['LLC with IP', 1, llc('06 06 03')],
  ['MPLS', 1, behind(`${MACS} 8847 00010140`)],
  ['MPLS, three labels, IPv6', 1, behind(`${MACS} 8848 00010040 00020040 00030140`, V6)],
  ['PPPoE', 1, behind(`${MACS} 8864 11 00 0001 0036 0021`)],
  ['PPPoE behind a tag, IPv6', 1, behind(`${MACS} 8100 0001 8864 11 00 0001 0036 0057`, V6)],
  ['PPPoE with MPLS', 1, behind(`${MACS} 8864 11 00 0001 0036 0281 00010140`)],
  ['loopback of a little-endian host', 0, behind('02000000')],
  ['loopback of a big-endian host', 0, behind('00000002')],
  ...[10, 23, 24, 28, 30].map((family): [string, number, Buffer] => [
    `loopback, IPv6 as family ${family}`,
    0,
    Buffer.concat([Buffer.from([family, 0, 0, 0]), V6]),
  ]),
  ['OpenBSD loopback', 108, behind('00000018', V6)],
  ...[12, 14, 101].flatMap((type): [string, number, Buffer][] => [
    [`raw IP ${type}`, type, V4],
    [`raw IP ${type}, IPv6`, type, V6],
  ]),
  ['raw IPv4', 228, V4],
  ['raw IPv6', 229, V6],
  ['Linux cooked', 113, behind('0000 0001 0006 0200000000010000 0800')],
  ['Linux cooked, IPv6', 113, behind('0004 0304 0006 0200000000010000 86dd', V6)],
  ['Linux cooked, a tag', 113, behind('0000 0001 0006 0200000000010000 8100 0007 0800')],
  ['Linux cooked, LLC', 113, behind('0000 0001 0006 0200000000010000 0004 aaaa03 000000 0800')],
  ['Linux cooked 2', 276, behind('0800 0000 00000002 0001 00 06 0200000000010000')],
  ['Linux cooked 2, IPv6', 276, behind('86dd 0000 00000002 0001 00 06 0200000000010000', V6)],
  ['PPP', 9, behind('0021')],
  ['PPP with framing', 9, behind('ff 03 0021')],
  ['PPP with a short protocol', 9, behind('ff 03 21')],
  ['PPP, IPv6', 50, behind('ff 03 0057', V6)],
  ['PPP with a direction', 166, behind('01 03 0021')],
  ['PPPoE without Ethernet', 51, behind('11 00 0001 0036 0021')],
  ['HDLC of Cisco', 104, behind('0f 00 0800')],
];

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

  test.each(SEEN)('%s', (_, linkType, frame) => {
    expect(parse(linkType, frame)).toBe(Parsed.ok);
    expect(layers.protocol).toBe(Protocol.tcp);
    expect(segment.read(layers)).toBe(Parsed.ok);
    expect(segment).toMatchObject({ srcPort: 1234, dstPort: 80, kind: SegmentKind.attempt });
  });

  test.each(SEEN)('%s, captured in part', (_, linkType, frame) => {
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
