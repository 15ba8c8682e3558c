import { Hardware } from '../kernel/hardware.ts';
import { ETHERNET_HEADER, VLAN_TAG } from '../packet/ethernet.ts';
import { ICMP_HEADER, Unreachable } from '../packet/icmp.ts';
import { IP6_HEADER, Protocol } from '../packet/ip.ts';
import { EtherType } from '../packet/layers.ts';
import { TcpFlag } from '../packet/tcp.ts';

/**
 * The filter that runs in the kernel for each packet, as classic BPF: passes TCP segments with SYN, FIN or RST, and
 * ICMP unreachable that quotes TCP, of these interfaces, and as much of each as the decoder reads. Of the loopback,
 * which shows each packet as it leaves and as it comes, the second. Packets for other hosts, which a sniffed card hands
 * up, are none of ours. A packet too short for what the filter looks at is not passed.
 *
 * X holds the place of the IP header. Tags that the card has taken off are no part of the packet.
 * @param interfaces indexes
 */
export function captureFilter(interfaces: readonly number[]): Uint8Array {
  return assemble([
    [LD_W, AD + AD_PKTTYPE],
    [JEQ, PACKET_OTHERHOST, 'never'],
    [JEQ, PACKET_OUTGOING, undefined, 'interface'],
    [LD_W, AD + AD_HATYPE],
    [JEQ, Hardware.loopback, undefined, 'interface'],
    'never',
    [RET, 0],

    'interface',
    [LD_W, AD + AD_IFINDEX],
    // a jump reaches 255 instructions
    ...interfaces.flatMap((index): Line[] => [
      [JEQ, index, undefined, `not ${index}`],
      [JA, 0, 'link'],
      `not ${index}`,
    ]),
    [RET, 0],

    'link',
    [LD_W, AD + AD_HATYPE],
    [JEQ, Hardware.ethernet, 'ethernet'],
    [JEQ, Hardware.loopback, 'ethernet'],
    [LDX, NET],
    [LD_W, AD + AD_PROTOCOL],
    [JA, 0, 'type'],

    'ethernet',
    [LDX, ETHERNET_HEADER],
    [LD_H, ETHERNET_HEADER - 2],
    [JEQ, EtherType.vlan, 'tag'],
    [JEQ, EtherType.qinq, 'tag', 'type'],
    'tag',
    [LDX, ETHERNET_HEADER + VLAN_TAG],
    [LD_H, ETHERNET_HEADER + VLAN_TAG - 2],
    [JEQ, EtherType.vlan, 'second tag'],
    [JEQ, EtherType.qinq, 'second tag', 'type'],
    'second tag',
    [LDX, ETHERNET_HEADER + 2 * VLAN_TAG],
    [LD_H, ETHERNET_HEADER + 2 * VLAN_TAG - 2],

    'type',
    [JEQ, EtherType.ipv4, 'ipv4'],
    [JEQ, EtherType.ipv6, 'ipv6', 'no'],

    'ipv4',
    [LD_XH, 6],
    [JSET, 0x1fff, 'no'], // not the first fragment
    [LD_XB, 9],
    [JEQ, Protocol.tcp, 'tcp after ipv4'],
    [JEQ, Protocol.icmp, 'icmp', 'no'],
    'tcp after ipv4',
    ...AFTER_IPV4,
    [LD_XB, TCP_FLAGS],
    [JSET, TELLING, 'take', 'no'],
    'icmp',
    ...AFTER_IPV4,
    [LD_XB, 0],
    [JEQ, Unreachable.icmp, undefined, 'no'],
    [LD_XB, ICMP_HEADER + 9],
    [JEQ, Protocol.tcp, 'take', 'no'],

    'ipv6',
    [LD_XB, 6],
    [JEQ, Protocol.tcp, 'tcp after ipv6'],
    [JEQ, Protocol.icmp6, 'icmp6'],
    [JEQ, Protocol.fragment, 'fragment'],
    ...EXTENSIONS.map((number): Line => [JEQ, number, 'extension']),
    [RET, 0],
    'tcp after ipv6',
    [LD_XB, IP6_HEADER + TCP_FLAGS],
    [JSET, TELLING, 'take', 'no'],
    'icmp6',
    [LD_XB, IP6_HEADER],
    [JEQ, Unreachable.icmp6, undefined, 'no'],
    [LD_XB, IP6_HEADER + ICMP_HEADER + 6],
    [JEQ, Protocol.tcp, 'take', 'no'],
    'fragment',
    [LD_XH, IP6_HEADER + 2],
    [JSET, 0xfff8, 'no'], // not the first one
    'extension', // after which there is TCP, or a further one: the decoder finds out
    [LD_XB, IP6_HEADER],
    [JEQ, Protocol.tcp, 'take long'],
    [JEQ, Protocol.fragment, 'take long'],
    ...EXTENSIONS.map((number): Line => [JEQ, number, 'take long']),
    'no',
    [RET, 0],

    'take',
    [RET, SNAP],
    'take long',
    [RET, SNAP_LONG],
  ]);
}

/** Bytes of a packet that are kept: link, two tags, IPv4 and TCP with all options, or an ICMP error with what it quotes. */
const SNAP = 192;
/** The same with six IPv6 extension headers of 2 KiB. */
const SNAP_LONG = 12_480;
const TCP_FLAGS = 13;
const TELLING = TcpFlag.fin | TcpFlag.syn | TcpFlag.rst;

/** Extension headers that are always whole (RFC 8200). */
const EXTENSIONS = [
  Protocol.hopByHop,
  Protocol.routing,
  Protocol.authentication,
  Protocol.destination,
] as const;

/** linux/if_packet.h */
const PACKET_OTHERHOST = 3;
const PACKET_OUTGOING = 4;
/** linux/filter.h: what is known of a packet besides its bytes, and the place of its network header. */
const AD = 0xffff_f000;
const AD_PROTOCOL = 0;
const AD_PKTTYPE = 4;
const AD_IFINDEX = 8;
const AD_HATYPE = 28;
const NET = 0xfff0_0000;

/** Codes of instructions: load 32, 16 bits; the same, and 8, from X on; set X; jumps; return. */
const LD_W = 0x20;
const LD_H = 0x28;
const LD_XH = 0x48;
const LD_XB = 0x50;
const LDX = 0x01;
const JA = 0x05;
const JEQ = 0x15;
const JSET = 0x45;
const RET = 0x06;
const AND = 0x54;
const LSH = 0x64;
const ADD_X = 0x0c;
const TAX = 0x07;

/** Moves X behind the IPv4 header. */
const AFTER_IPV4: readonly Line[] = [
  [LD_XB, 0],
  [AND, 15],
  [LSH, 2],
  [ADD_X, 0],
  [TAX, 0],
];

/** A label, or an instruction: code, number, label to go to when a comparison holds (or always), label when not. */
type Line = string | readonly [code: number, k: number, yes?: string | undefined, no?: string];

/** struct sock_filter for each instruction. Comparisons without a label go on with the next one. */
function assemble(lines: readonly Line[]): Uint8Array {
  const labels = new Map<string, number>();
  const instructions: Exclude<Line, string>[] = [];
  for (const line of lines)
    if (typeof line === 'string') labels.set(line, instructions.length);
    else instructions.push(line);
  const program = new DataView(new ArrayBuffer(instructions.length * 8));
  instructions.forEach(([code, k, yes, no], i) => {
    const distance = (label: string | undefined): number => {
      if (label === undefined) return 0;
      const steps = (labels.get(label) ?? -1) - i - 1;
      if (steps < 0 || (code !== JA && steps > 255))
        throw new Error(`no way to ${label} from ${i}`);
      return steps;
    };
    program.setUint16(i * 8, code, true);
    program.setUint8(i * 8 + 2, code === JA ? 0 : distance(yes));
    program.setUint8(i * 8 + 3, distance(no));
    program.setUint32(i * 8 + 4, code === JA ? distance(yes) : k, true);
  });
  return new Uint8Array(program.buffer);
}
