import { describe, expect, test } from 'vitest';
import {
  ethernet,
  EtherType,
  ip,
  ipv4,
  ipv6,
  type Segment as Carried,
  tcp,
  udp,
} from '../../test/support/frames.ts';
import { Tunnel } from '../wire/layout.gen.ts';
import { parseRaw, Protocol } from './ip.ts';
import { Layers, Parsed } from './layers.ts';
import { Segment } from './tcp.ts';
import { MOST_TUNNELS, Tunnels } from './tunnel.ts';

const OUTER4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const OUTER6 = { src: '2001:db8::1', dst: '2001:db8::2' };
const SYN = tcp({ srcPort: 1234, dstPort: 80 });
const V4 = ip({ src: '198.51.100.1', dst: '198.51.100.2' }, SYN);
const V6 = ip({ src: '2001:db8:1::1', dst: '2001:db8:1::2' }, SYN);
const TEREDO = ip({ src: '2001:0:53aa:64c::1', dst: '2001:db8:1::2' }, SYN);
const VLAN = { type: EtherType.VLAN, id: 7 } as const;

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const behind = (header: string, packet: Buffer): Buffer => Buffer.concat([hex(header), packet]);
const carried = (protocol: number, header: string, packet: Buffer): Carried => ({
  protocol,
  bytes: behind(header, packet),
});
const gre = (header: string, packet: Buffer): Carried => carried(47, header, packet);
const inUdp = (dstPort: number, header: string, packet: Buffer, srcPort = 50_000): Carried =>
  udp({ srcPort, dstPort, payload: behind(header, packet) });
/** Of a message with so many bytes behind the first eight. */
const gtp = (flags: string, more: string, packet: Buffer): Carried => {
  const length = (more.replaceAll(' ', '').length / 2 + packet.length).toString(16);
  return inUdp(2152, `${flags} ff ${length.padStart(4, '0')} 00000001 ${more}`, packet, 2152);
};

const ENTERED: readonly [name: string, kind: number, outer: Carried][] = [
  ['IPv4 in IP', Tunnel.IP, carried(4, '', V4)],
  ['IPv6 in IP', Tunnel.IP, carried(41, '', V6)],
  ['GRE', Tunnel.GRE, gre('0000 0800', V4)],
  ['GRE, IPv6', Tunnel.GRE, gre('0000 86dd', V6)],
  ['GRE with a checksum', Tunnel.GRE, gre('8000 0800 abcd0000', V4)],
  ['GRE with key and number', Tunnel.GRE, gre('3000 0800 00000001 00000002', V4)],
  ['GRE with all of them', Tunnel.GRE, gre('b000 86dd abcd0000 00000001 00000002', V6)],
  [
    'GRE with source routes',
    Tunnel.GRE,
    gre('4000 0800 00000000 0800 00 04 c0000201 0800 00 08 c0000202c0000203 00000000', V4),
  ],
  ['GRE with Ethernet', Tunnel.GRE, gre('0000 6558', ethernet(V4))],
  [
    'GRE with a key, Ethernet and a tag',
    Tunnel.GRE,
    gre('2000 6558 00000001', ethernet(V6, [VLAN])),
  ],
  ['GRE with MPLS', Tunnel.GRE, gre('0000 8847 00010140', V4)],
  ['ERSPAN I', Tunnel.GRE, gre('0000 88be', ethernet(V4))],
  ['ERSPAN II', Tunnel.GRE, gre('1000 88be 00000001 1001000000000000', ethernet(V4))],
  ['ERSPAN III', Tunnel.GRE, gre('1000 22eb 00000001 200100000000000000000000', ethernet(V4))],
  [
    'ERSPAN III with a subheader',
    Tunnel.GRE,
    gre('1000 22eb 00000001 200100000000000000000001 0000000000000000', ethernet(V6)),
  ],
  ['WCCP', Tunnel.GRE, gre('0000 883e', V4)],
  ['WCCP with a redirect header', Tunnel.GRE, gre('0000 883e 00000000', V4)],
  ['PPTP', Tunnel.GRE, gre('3001 880b 00300007 00000001 0021', V4)],
  [
    'PPTP with an acknowledgement',
    Tunnel.GRE,
    gre('3081 880b 00300007 00000001 00000002 ff03 0057', V6),
  ],
  ['VXLAN', Tunnel.VXLAN, inUdp(4789, '08000000 00002a00', ethernet(V4))],
  ['VXLAN with a policy', Tunnel.VXLAN, inUdp(4789, '88000005 00002a00', ethernet(V6, [VLAN]))],
  ['VXLAN of Linux', Tunnel.VXLAN, inUdp(8472, '08000000 00002a00', ethernet(V4))],
  ['Geneve', Tunnel.GENEVE, inUdp(6081, '00000800 00000100', V4)],
  ['Geneve with Ethernet', Tunnel.GENEVE, inUdp(6081, '00006558 00000100', ethernet(V6))],
  ['Geneve with options', Tunnel.GENEVE, inUdp(6081, '024086dd 00000100 0102030104050607', V6)],
  ['Teredo', Tunnel.TEREDO, inUdp(3544, '', TEREDO)],
  ['Teredo from its server', Tunnel.TEREDO, inUdp(50_001, '', TEREDO, 3544)],
  ['Teredo with an origin', Tunnel.TEREDO, inUdp(3544, '0000 1234 3ffffdfe', TEREDO)],
  [
    'Teredo with authentication and an origin',
    Tunnel.TEREDO,
    inUdp(3544, '0001 02 03 abcd 010203 0102030405060708 00 0000 1234 3ffffdfe', TEREDO),
  ],
  ['GTP', Tunnel.GTP, gtp('30', '', V4)],
  ['GTP with a number', Tunnel.GTP, gtp('32', '00010000', V6)],
  ['GTP with extensions', Tunnel.GTP, gtp('34', '00000085 01000085 0200000000000000', V4)],
  ['AYIYA', Tunnel.AYIYA, inUdp(5072, `4152 1129 4f000000 ${'00'.repeat(36)}`, V6)],
  [
    'AYIYA, IPv4, without signature',
    Tunnel.AYIYA,
    inUdp(50_001, `0100 0104 4f000000 00`, V4, 5072),
  ],
];

const NONE: readonly [name: string, outer: Carried][] = [
  ['GRE of version 2', gre('0002 0800', V4)],
  ['GRE with something else', gre('0000 8300', V4)],
  ['GRE with an old number', gre('0000 0004', V4)],
  ['GRE with ARP', gre('0000 0806', Buffer.alloc(28))],
  ['PPTP that only acknowledges', gre('2081 880b 00000007 00000002', Buffer.alloc(0))],
  ['version 1 with something else', gre('3001 0800 00300007 00000001 0021', V4)],
  ['other datagrams', udp({ dstPort: 53, payload: V4 })],
  ['VXLAN without a number', inUdp(4789, '00000000 00002a00', ethernet(V4))],
  ['VXLAN that sets what is reserved', inUdp(4789, '08000000 00002a01', ethernet(V4))],
  ['VXLAN with ARP', inUdp(4789, '08000000 00002a00', ethernet(Buffer.alloc(28), [], 0x0806))],
  [
    'VXLAN with a packet that is cut',
    inUdp(4789, '08000000 00002a00', ethernet(V4).subarray(0, 50)),
  ],
  ['a source port of VXLAN', inUdp(50_001, '08000000 00002a00', ethernet(V4), 4789)],
  ['Geneve of another version', inUdp(6081, '40000800 00000100', V4)],
  ['Geneve with something else', inUdp(6081, '00000806 00000100', V4)],
  ['Geneve whose options are longer', inUdp(6081, '3f000800 00000100', V4)],
  ['Teredo with other addresses', inUdp(3544, '', V6)],
  ['Teredo with less than a packet', inUdp(3544, '', TEREDO.subarray(0, 56))],
  ['Teredo with IPv4', inUdp(3544, '', V4)],
  ['GTP of another length', inUdp(2152, '30ff0027 00000001', V4)],
  ['GTP that signals', inUdp(2152, '30010028 00000001', V4)],
  ['GTP with an extension of no length', gtp('34', '00000085 00000085', V4)],
  ['GTP with something else', gtp('30', '', Buffer.alloc(40))],
  ['AYIYA that only asks', inUdp(5072, `4152 1029 4f000000 ${'00'.repeat(36)}`, V6)],
  ['AYIYA with something else', inUdp(5072, `4152 1106 4f000000 ${'00'.repeat(36)}`, V6)],
  ['text to such a port', inUdp(5072, '', Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n'))],
];

const layers = new Layers();
const tunnels = new Tunnels();
const segment = new Segment();

function read(packet: Buffer, captured = packet.length): Parsed {
  layers.begin(packet, 0, captured, packet.length);
  const parsed = parseRaw(layers, 0);
  return parsed === Parsed.ok ? tunnels.enter(layers) : parsed;
}

describe.each([OUTER4, OUTER6])('from $src', (ends) => {
  test.each(ENTERED)('%s', (_, kind, outer) => {
    expect(read(ip(ends, outer))).toBe(Parsed.ok);
    expect(layers).toMatchObject({ tunnels: 1, tunnel: kind, protocol: Protocol.tcp, vlan: -1 });
    expect(segment.read(layers)).toBe(Parsed.ok);
    expect(segment).toMatchObject({ srcPort: 1234, dstPort: 80, payload: 0 });
  });

  test.each(ENTERED)('%s, captured in part', (_name, _kind, outer) => {
    const packet = ip(ends, outer);
    const header = packet.length - outer.bytes.length;
    for (let captured = header + 8; captured < packet.length; captured++) {
      const parsed = read(packet, captured);
      const result = parsed === Parsed.ok ? segment.read(layers) : parsed;
      expect([captured, result]).toEqual([captured, Parsed.cut]);
    }
  });

  test.each(NONE)('%s: no tunnel', (_, outer) => {
    const packet = ip(ends, outer);
    expect(read(packet)).toBe(Parsed.other);
    expect(layers).toMatchObject({
      tunnels: 0,
      tunnel: Tunnel.NONE,
      protocol: outer.protocol,
      ip: 0,
      end: packet.length,
      wireEnd: packet.length,
    });
  });
});

test('a packet inside that is malformed', () => {
  expect(read(ipv4(OUTER4, carried(4, '', V6)))).toBe(Parsed.malformed);
  expect(read(ipv4(OUTER4, carried(4, '', V4.subarray(0, 19))))).toBe(Parsed.malformed);
  expect(read(ipv4(OUTER4, gre('0000 0800', V4.subarray(0, 19))))).toBe(Parsed.malformed);
  expect(read(ipv4(OUTER4, gre('b000 0800', Buffer.alloc(0))))).toBe(Parsed.malformed);
});

test('what follows the packet around it is not read', () => {
  const short = Buffer.concat([ipv4(OUTER4, carried(4, '', V4.subarray(0, 30))), Buffer.alloc(20)]);
  expect(read(short)).toBe(Parsed.ok);
  expect(segment.read(layers)).toBe(Parsed.malformed);
});

test('the first fragment of what carries it tells of the packet inside', () => {
  const outer = ipv4({ ...OUTER4, fragment: { offset: 0, length: 40 } }, gre('0000 0800', V4));
  expect(read(outer)).toBe(Parsed.ok);
  expect(segment.read(layers)).toBe(Parsed.cut);
  const whole = tcp({ payload: Buffer.alloc(1000) });
  const inner = ipv4({ src: '198.51.100.1', dst: '198.51.100.2' }, whole);
  const first = ipv6(
    {
      ...OUTER6,
      extensions: [{ protocol: 44, bytes: Buffer.alloc(8), fragment: { offset: 0, length: 96 } }],
    },
    carried(4, '', inner),
  );
  expect(read(first)).toBe(Parsed.ok);
  expect(segment.read(layers)).toBe(Parsed.ok);
  expect(segment).toMatchObject({ payload: 1000, captured: 56 });
});

test('tunnels in tunnels, to a depth', () => {
  let packet = V4;
  for (let depth = 0; depth <= MOST_TUNNELS; depth++) packet = ipv4(OUTER4, carried(4, '', packet));
  expect(read(packet)).toBe(Parsed.ok);
  for (let depth = 2; depth <= MOST_TUNNELS; depth++) {
    expect(tunnels.enter(layers)).toBe(Parsed.ok);
    expect(layers.tunnels).toBe(depth);
  }
  expect(tunnels.tooDeep).toBe(0);
  expect(tunnels.enter(layers)).toBe(Parsed.other);
  expect(tunnels.tooDeep).toBe(1);
  expect(layers).toMatchObject({ tunnels: MOST_TUNNELS, protocol: 4 });
});
