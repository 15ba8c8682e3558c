/** A SYN behind every link header that is decoded. */
import { ethernet, EtherType, ip, type Segment, tcp } from './frames.ts';

export const ENDS4 = { src: '192.0.2.1', dst: '192.0.2.2' } as const;
export const ENDS6 = { src: '2001:db8::1', dst: '2001:db8::2' } as const;
export const SYN: Segment = tcp({ srcPort: 1234, dstPort: 80 });
export const V4: Buffer = ip(ENDS4, SYN);
export const V6: Buffer = ip(ENDS6, SYN);

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
export const behind = (header: string, packet = V4): Buffer => Buffer.concat([hex(header), packet]);
export const MACS = '020000000001 020000000002 ';
/** With the length that the frame has. */
export const llc = (header: string, packet = V4): Buffer => {
  const rest = behind(header, packet);
  return Buffer.concat([hex(MACS), Buffer.from([rest.length >> 8, rest.length & 0xff]), rest]);
};
export const vlan = { type: EtherType.VLAN, id: 7 } as const;
export const qinq = { type: EtherType.QINQ, id: 8 } as const;

export const LINKS: readonly [name: string, linkType: number, frame: Buffer][] = [
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
