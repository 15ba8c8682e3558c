/** A SYN in every tunnel that is looked into. */
import { Tunnel } from '../../src/wire/layout.gen.ts';
import { ethernet, EtherType, ip, type Segment as Carried, udp } from './frames.ts';
import { behind, SYN } from './links.ts';

export const V4: Buffer = ip({ src: '198.51.100.1', dst: '198.51.100.2' }, SYN);
export const V6: Buffer = ip({ src: '2001:db8:1::1', dst: '2001:db8:1::2' }, SYN);
export const TEREDO: Buffer = ip({ src: '2001:0:53aa:64c::1', dst: '2001:db8:1::2' }, SYN);
const VLAN = { type: EtherType.VLAN, id: 7 } as const;

export const carried = (protocol: number, header: string, packet: Buffer): Carried => ({
  protocol,
  bytes: behind(header, packet),
});
export const gre = (header: string, packet: Buffer): Carried => carried(47, header, packet);
export const inUdp = (dstPort: number, header: string, packet: Buffer, srcPort = 50_000): Carried =>
  udp({ srcPort, dstPort, payload: behind(header, packet) });
/** Of a message with so many bytes behind the first eight. */
export const gtp = (flags: string, more: string, packet: Buffer): Carried => {
  const length = (more.replaceAll(' ', '').length / 2 + packet.length).toString(16);
  return inUdp(2152, `${flags} ff ${length.padStart(4, '0')} 00000001 ${more}`, packet, 2152);
};

export const TUNNELS: readonly [name: string, kind: number, outer: Carried][] = [
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
