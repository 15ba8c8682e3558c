/** Frames that hold an attempt, that hold none, and that lie: what every reader of packets must take them for. */
import {
  authentication,
  EtherType,
  ethernet,
  extension,
  type Extension,
  fragmentHeader,
  type Ip4Spec,
  type Ip6Spec,
  icmp,
  icmp6,
  ipv4,
  ipv6,
  type Segment,
  SYN_OPTIONS,
  Tcp,
  tcp,
  udp,
} from '../support/frames.ts';

export const VICTIM = '10.0.0.5';
export const VICTIM6 = '2001:db8:5::5';
export const SCANNER = '192.0.2.56';
export const SCANNER6 = '2001:db8:bad::1';

const V4: Ip4Spec = { src: SCANNER, dst: VICTIM };
const V6: Ip6Spec = { src: SCANNER6, dst: VICTIM6 };
const SYN = tcp({ srcPort: 5973, dstPort: 80, seq: 0xfeedbeef });
const VLAN = { type: EtherType.VLAN, id: 7 } as const;
const QINQ = { type: EtherType.QINQ, id: 8 } as const;
const NOP = Buffer.alloc(40, 1);
const LONG = tcp({ srcPort: 5973, dstPort: 80, seq: 0xfeedbeef, payload: Buffer.alloc(1000) });

/** Each holds one attempt from port 5973 of SCANNER or SCANNER6 to port 80, with initial sequence number 0xfeedbeef. */
export const ATTEMPTS: Record<string, Buffer> = {
  IPv4: ethernet(ipv4(V4, SYN)),
  IPv6: ethernet(ipv6(V6, SYN)),
  'one VLAN tag': ethernet(ipv4(V4, SYN), [VLAN]),
  'one VLAN tag, IPv6': ethernet(ipv6(V6, SYN), [VLAN]),
  QinQ: ethernet(ipv4(V4, SYN), [QINQ, VLAN]),
  'QinQ, IPv6': ethernet(ipv6(V6, SYN), [QINQ, VLAN]),
  'two tags of 802.1Q': ethernet(ipv4(V4, SYN), [VLAN, VLAN]),
  'IPv4 options, 4 bytes': ethernet(ipv4({ ...V4, ipOptions: NOP.subarray(0, 4) }, SYN)),
  'IPv4 options, 40 bytes': ethernet(ipv4({ ...V4, ipOptions: NOP }, SYN)),
  'QinQ and all options': ethernet(ipv4({ ...V4, ipOptions: NOP }, syn({ tcpOptions: NOP })), [
    QINQ,
    VLAN,
  ]),
  'TCP options': ethernet(ipv4(V4, syn({ tcpOptions: SYN_OPTIONS }))),
  'data with the SYN (TCP Fast Open)': ethernet(ipv4(V4, LONG)),
  'padded to 60 bytes': Buffer.concat([ethernet(ipv4(V4, SYN)), Buffer.alloc(6)]),
  'total length 0, as in large GSO segments': ethernet(ipv4({ ...V4, totalLength: 0 }, LONG)),
  'payload length 0, as in jumbograms': ethernet(ipv6({ ...V6, payloadLength: 0 }, LONG)),
  'SYN with ECE and CWR (RFC 3168)': ethernet(
    ipv4(V4, syn({ flags: Tcp.SYN | Tcp.ECE | Tcp.CWR })),
  ),
  'SYN with PSH and URG': ethernet(ipv4(V4, syn({ flags: Tcp.SYN | Tcp.PSH | Tcp.URG }))),
  'first fragment, IPv4': ethernet(ipv4({ ...V4, fragment: { offset: 0, length: 24 } }, LONG)),
  'first fragment, IPv6': ethernet(
    ipv6({ ...V6, extensions: [fragmentHeader({ offset: 0, length: 24 })] }, LONG),
  ),
  'atomic fragment (RFC 6946)': chain(fragmentHeader({ offset: 0 })),
  'hop-by-hop options': chain(extension('HOP')),
  'destination options, 256 bytes': chain(extension('DESTINATION', 256)),
  'routing header': chain(extension('ROUTING', 24)),
  'authentication header': chain(authentication()),
  'all kinds of extension headers': chain(
    extension('HOP'),
    extension('DESTINATION'),
    extension('ROUTING', 24),
    fragmentHeader({ offset: 0 }),
    authentication(),
    extension('DESTINATION', 16),
  ),
  'an extension header of 2,048 bytes': chain(extension('DESTINATION', 2048)),
  'extension headers of 3,000 bytes': chain(
    extension('HOP', 1000),
    extension('DESTINATION', 1000),
    extension('ROUTING', 1000),
  ),
};

export const NO_ATTEMPTS: Record<string, Buffer> = {
  ...Object.fromEntries(
    (
      [
        ['ACK', Tcp.ACK],
        ['SYN+ACK', Tcp.SYN | Tcp.ACK],
        ['RST', Tcp.RST],
        ['RST+ACK', Tcp.RST | Tcp.ACK],
        ['FIN+ACK', Tcp.FIN | Tcp.ACK],
        ['SYN+FIN', Tcp.SYN | Tcp.FIN],
        ['SYN+RST', Tcp.SYN | Tcp.RST],
        ['no flag at all', 0],
        ['FIN, PSH, URG (Xmas)', Tcp.FIN | Tcp.PSH | Tcp.URG],
      ] as const
    ).map(([name, flags]) => [name, ethernet(ipv4(V4, syn({ flags })))]),
  ),
  UDP: ethernet(ipv4(V4, udp())),
  'UDP, IPv6': ethernet(ipv6(V6, udp())),
  'ICMP echo': ethernet(ipv4(V4, icmp(8, 0))),
  'ICMPv6 neighbour solicitation': ethernet(ipv6(V6, icmp6(135, 0, Buffer.alloc(20)))),
  'no next header': ethernet(ipv6(V6, { protocol: 59, bytes: Buffer.alloc(0) })),
  ESP: ethernet(ipv6(V6, { protocol: 50, bytes: SYN.bytes })),
  ARP: ethernet(Buffer.alloc(46), [], EtherType.ARP),
  'later fragment, IPv4': ethernet(ipv4({ ...V4, fragment: { offset: 24 } }, LONG)),
  'later fragment that looks like a SYN': ethernet(
    ipv4({ ...V4, fragment: { offset: 24 } }, { ...SYN, bytes: twice(SYN.bytes) }),
  ),
  'later fragment, IPv6': ethernet(
    ipv6(
      { ...V6, extensions: [fragmentHeader({ offset: 24 })] },
      { ...SYN, bytes: twice(SYN.bytes) },
    ),
  ),
  'three VLAN tags': ethernet(ipv4(V4, SYN), [QINQ, VLAN, VLAN]),
};

/** Of NO_ATTEMPTS those that no peer sends. */
export const ODD = new Set(['SYN+FIN', 'SYN+RST', 'no flag at all', 'FIN, PSH, URG (Xmas)']);

/** Bytes after the TCP header of WHOLE. */
export const DATA: Buffer = Buffer.alloc(12, 0xda);
const DATED = tcp({ tcpOptions: SYN_OPTIONS, payload: DATA });

/** Each ends in a TCP header of 40 bytes and 12 bytes of data. */
export const WHOLE: Record<string, Buffer> = {
  IPv4: ethernet(ipv4(V4, DATED)),
  'IPv4 with options': ethernet(ipv4({ ...V4, ipOptions: Buffer.alloc(40, 1) }, DATED)),
  'IPv4 in QinQ': ethernet(ipv4(V4, DATED), [QINQ, VLAN]),
  'IPv4, total length 0': ethernet(ipv4({ ...V4, totalLength: 0 }, DATED)),
  IPv6: ethernet(ipv6(V6, DATED)),
  'IPv6 in VLAN': ethernet(ipv6(V6, DATED), [VLAN]),
  'IPv6, payload length 0': ethernet(ipv6({ ...V6, payloadLength: 0 }, DATED)),
  'IPv6 with extension headers': ethernet(
    ipv6(
      {
        ...V6,
        extensions: [
          extension('HOP'),
          extension('ROUTING', 24),
          fragmentHeader({ offset: 0 }),
          authentication(),
          extension('DESTINATION', 16),
        ],
      },
      DATED,
    ),
  ),
};

/** Each contradicts itself. */
export const LIES: Record<string, Buffer> = {
  'TCP header of 0 words': ethernet(ipv4(V4, tcp({ doff: 0 }))),
  'TCP header of 4 words': ethernet(ipv4(V4, tcp({ doff: 4 }))),
  'TCP header longer than the segment': ethernet(ipv4(V4, tcp({ doff: 6 }))),
  'TCP header of 15 words in 20 bytes': ethernet(ipv6(V6, tcp({ doff: 15 }))),
  'TCP header beyond the IPv4 total length': ethernet(ipv4({ ...V4, totalLength: 39 }, tcp())),
  'TCP header beyond the IPv6 payload length': ethernet(ipv6({ ...V6, payloadLength: 19 }, tcp())),
  'IPv4 header of 0 words': ethernet(ipv4({ ...V4, ihl: 0 }, tcp())),
  'IPv4 header of 4 words': ethernet(ipv4({ ...V4, ihl: 4 }, tcp())),
  'IPv4 header of 15 words in 40 bytes': ethernet(ipv4({ ...V4, ihl: 15 }, tcp())),
  'IPv4 total length below the header': ethernet(ipv4({ ...V4, totalLength: 19 }, tcp())),
  'IPv4 total length 1': ethernet(ipv4({ ...V4, totalLength: 1 }, tcp())),
  'version 5 in an IPv4 frame': ethernet(ipv4({ ...V4, version: 5 }, tcp()), [], EtherType.IPV4),
  'version 4 in an IPv6 frame': ethernet(ipv6({ ...V6, version: 4 }, tcp()), [], EtherType.IPV6),
  'IPv4 in a frame that says IPv6': ethernet(ipv4(V4, tcp()), [], EtherType.IPV6),
  'first fragment of 8 bytes (RFC 1858)': ethernet(
    ipv4({ ...V4, fragment: { offset: 0, length: 8 } }, tcp()),
  ),
  'first fragment of 8 bytes, IPv6': ethernet(
    ipv6({ ...V6, extensions: [fragmentHeader({ offset: 0, length: 8 })] }, tcp()),
  ),
  'extension header longer than the packet': liar(short(extension('DESTINATION', 64), 8)),
  'authentication header longer than the packet': liar(short(authentication(), 8)),
  'seven extension headers': liar(...Array.from({ length: 7 }, () => extension('DESTINATION'))),
  'nine extension headers': liar(...Array.from({ length: 9 }, () => extension('HOP'))),
};

function syn(spec: Parameters<typeof tcp>[0]): Segment {
  return tcp({ srcPort: 5973, dstPort: 80, seq: 0xfeedbeef, ...spec });
}

function chain(...extensions: Ip6Spec['extensions'] & object): Buffer {
  return ethernet(ipv6({ ...V6, extensions }, SYN));
}

/** A header and 4 bytes more, so that the same header follows at a multiple of 8. */
function twice(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(4), bytes]);
}

function liar(...extensions: Extension[]): Buffer {
  return ethernet(ipv6({ ...V6, extensions }, tcp()));
}

/** Only its first bytes. */
function short(header: Extension, bytes: number): Extension {
  return { ...header, bytes: header.bytes.subarray(0, bytes) };
}
