/**
 * Frames as a wire carries them, layer by layer, for tests that list packets in tables. Every checksum is right unless
 * a test asks otherwise; whatever a test wants wrong it says (`doff`, `ihl`, `totalLength`, ...).
 */
import { parseAddress } from '../../src/wire/address.ts';

export const Tcp = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128 } as const;
export const Protocol = {
  HOP: 0,
  ICMP: 1,
  TCP: 6,
  UDP: 17,
  ROUTING: 43,
  FRAGMENT: 44,
  AH: 51,
  ICMP6: 58,
  NONE: 59,
  DESTINATION: 60,
} as const;
export const EtherType = {
  IPV4: 0x0800,
  ARP: 0x0806,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  QINQ: 0x88a8,
} as const;

/** What an IP header carries: a whole transport header and payload. */
export interface Segment {
  readonly protocol: number;
  readonly bytes: Buffer;
  /** Where the checksum over pseudo header and bytes goes; undefined: there is none. */
  readonly checksumAt?: number;
}

export interface TcpSpec {
  readonly srcPort?: number;
  readonly dstPort?: number;
  /** SYN unless given. */
  readonly flags?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  /** Where urgent data ends. */
  readonly urgent?: number;
  /** A multiple of 4 bytes. */
  readonly tcpOptions?: Uint8Array;
  readonly payload?: Uint8Array;
  /** Header length in words, when it is to be wrong. */
  readonly doff?: number;
}

export function tcp(spec: TcpSpec = {}): Segment {
  const options = spec.tcpOptions ?? NOTHING;
  const header = Buffer.alloc(20);
  header.writeUInt16BE(spec.srcPort ?? 40000, 0);
  header.writeUInt16BE(spec.dstPort ?? 80, 2);
  header.writeUInt32BE(spec.seq ?? 1000, 4);
  header.writeUInt32BE(spec.ack ?? 0, 8);
  header[12] = (spec.doff ?? 5 + options.length / 4) << 4;
  header[13] = spec.flags ?? Tcp.SYN;
  header.writeUInt16BE(spec.window ?? 64240, 14);
  header.writeUInt16BE(spec.urgent ?? 0, 18);
  const bytes = Buffer.concat([header, options, spec.payload ?? NOTHING]);
  return { protocol: Protocol.TCP, bytes, checksumAt: 16 };
}

/** What Linux sends with a SYN: MSS, SACK, timestamps, window scale. */
export const SYN_OPTIONS: Buffer = Buffer.from('020405b40402080a000000010000000001030307', 'hex');

export interface UdpSpec {
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly payload?: Uint8Array;
}

export function udp(spec: UdpSpec = {}): Segment {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(spec.srcPort ?? 40000, 0);
  header.writeUInt16BE(spec.dstPort ?? 53, 2);
  header.writeUInt16BE(8 + (spec.payload?.length ?? 0), 4);
  const bytes = Buffer.concat([header, spec.payload ?? NOTHING]);
  return { protocol: Protocol.UDP, bytes, checksumAt: 6 };
}

/** ICMP; its checksum has no pseudo header. */
export function icmp(type: number, code: number, body: Uint8Array = Buffer.alloc(4)): Segment {
  const bytes = Buffer.concat([Buffer.from([type, code, 0, 0]), body]);
  bytes.writeUInt16BE(checksum(bytes), 2);
  return { protocol: Protocol.ICMP, bytes };
}

export function icmp6(type: number, code: number, body: Uint8Array = Buffer.alloc(4)): Segment {
  const bytes = Buffer.concat([Buffer.from([type, code, 0, 0]), body]);
  return { protocol: Protocol.ICMP6, bytes, checksumAt: 2 };
}

/** Destination unreachable, quoting the start of an IP packet. */
export function unreachable(quoted: Buffer, code = 3): Segment {
  const body = Buffer.concat([Buffer.alloc(4), quoted]);
  return quoted[0]! >> 4 === 6 ? icmp6(1, code, body) : icmp(3, code, body);
}

/** Part of a datagram: bytes from `offset` (a multiple of 8) on; `length` of them, or all the rest. */
export interface Fragment {
  readonly offset: number;
  readonly length?: number;
  /** Whether others follow; by default when there are bytes left. */
  readonly more?: boolean;
  /** Identification: the same for all parts of a datagram. */
  readonly id?: number;
}

export interface Ip4Spec {
  readonly src: string;
  readonly dst: string;
  /** A multiple of 4 bytes. */
  readonly ipOptions?: Uint8Array;
  readonly fragment?: Fragment;
  /** Header length in words, when it is to be wrong. */
  readonly ihl?: number;
  /** When it is to be wrong; 0 as GSO segments over 64 KiB have it. */
  readonly totalLength?: number;
  readonly version?: number;
}

export function ipv4(spec: Ip4Spec, segment: Segment): Buffer {
  const [src, dst] = [addressBytes(spec.src, 4), addressBytes(spec.dst, 4)];
  const options = spec.ipOptions ?? NOTHING;
  const whole = withChecksum(segment, [src, dst]);
  const { part, offset, more } = cut(whole, spec.fragment);
  const header = Buffer.alloc(20 + options.length);
  header[0] = ((spec.version ?? 4) << 4) | (spec.ihl ?? header.length / 4);
  header.writeUInt16BE(spec.totalLength ?? header.length + part.length, 2);
  header.writeUInt16BE(spec.fragment?.id ?? 0x1234, 4);
  header.writeUInt16BE((more ? 0x2000 : 0) | (offset / 8), 6);
  header[8] = 64;
  header[9] = segment.protocol;
  src.copy(header, 12);
  dst.copy(header, 16);
  header.set(options, 20);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, part]);
}

/** An IPv6 extension header. */
export interface Extension {
  readonly protocol: number;
  /** Its bytes; the first is overwritten by the number of what follows. */
  readonly bytes: Uint8Array;
  readonly fragment?: Fragment;
}

/** Hop-by-hop options, destination options or routing header of `bytes` bytes (a multiple of 8), padded. */
export function extension(kind: 'HOP' | 'DESTINATION' | 'ROUTING', bytes = 8): Extension {
  const header = Buffer.alloc(bytes);
  header[1] = bytes / 8 - 1;
  if (kind !== 'ROUTING') {
    header[2] = 1; // PadN
    header[3] = Math.min(255, bytes - 4);
  }
  return { protocol: Protocol[kind], bytes: header };
}

/** An authentication header with 12 bytes of check value. */
export function authentication(): Extension {
  const header = Buffer.alloc(24);
  header[1] = 4; // 32-bit words, minus 2 (RFC 4302 2.2)
  return { protocol: Protocol.AH, bytes: header };
}

export function fragmentHeader(fragment: Fragment): Extension {
  return { protocol: Protocol.FRAGMENT, bytes: Buffer.alloc(8), fragment };
}

export interface Ip6Spec {
  readonly src: string;
  readonly dst: string;
  readonly extensions?: readonly Extension[];
  /** When it is to be wrong; 0 as jumbograms have it. */
  readonly payloadLength?: number;
  readonly version?: number;
}

export function ipv6(spec: Ip6Spec, segment: Segment): Buffer {
  const [src, dst] = [addressBytes(spec.src, 16), addressBytes(spec.dst, 16)];
  const extensions = spec.extensions ?? [];
  const numbers = [...extensions.map((e) => e.protocol), segment.protocol];
  let whole = withChecksum(segment, [src, dst]);
  const headers = extensions.map((one, i) => {
    const bytes = Buffer.from(one.bytes);
    bytes[0] = numbers[i + 1]!;
    if (!one.fragment) return bytes;
    const { part, offset, more } = cut(whole, one.fragment);
    whole = part;
    bytes.writeUInt16BE(offset | (more ? 1 : 0), 2);
    bytes.writeUInt32BE(one.fragment.id ?? 0x12345678, 4);
    return bytes;
  });
  const payload = Buffer.concat([...headers, whole]);
  const header = Buffer.alloc(40);
  header[0] = (spec.version ?? 6) << 4;
  header.writeUInt16BE(spec.payloadLength ?? payload.length, 4);
  header[6] = numbers[0]!;
  header[7] = 64;
  src.copy(header, 8);
  dst.copy(header, 24);
  return Buffer.concat([header, payload]);
}

/** IPv4 or IPv6, by the addresses. */
export function ip(spec: Ip4Spec & Ip6Spec, segment: Segment): Buffer {
  return spec.src.includes(':') ? ipv6(spec, segment) : ipv4(spec, segment);
}

export interface Tag {
  readonly type: typeof EtherType.VLAN | typeof EtherType.QINQ;
  readonly id: number;
}

/** An Ethernet frame around an IP packet. */
export function ethernet(packet: Buffer, tags: readonly Tag[] = [], type?: number): Buffer {
  const header = Buffer.alloc(14 + 4 * tags.length);
  Buffer.from('020000000001020000000002', 'hex').copy(header);
  const types = [...tags.map((t) => t.type), type ?? typeOf(packet)];
  types.forEach((one, i) => header.writeUInt16BE(one, 12 + 4 * i));
  tags.forEach((tag, i) => header.writeUInt16BE(tag.id, 14 + 4 * i));
  return Buffer.concat([header, packet]);
}

/** A TCP segment in an Ethernet frame, a SYN unless `flags` says otherwise. */
export function tcpFrame(spec: Ip4Spec & Ip6Spec & TcpSpec): Buffer {
  return ethernet(ip(spec, tcp(spec)));
}

export function udpFrame(spec: Ip4Spec & Ip6Spec & UdpSpec): Buffer {
  return ethernet(ip(spec, udp(spec)));
}

/** An address as it stands in a header: 4 or 16 bytes. */
export function addressBytes(text: string, bytes: 4 | 16): Buffer {
  const address = parseAddress(text);
  if (!address) throw new Error(`${text} is no address`);
  return Buffer.from(address.subarray(16 - bytes));
}

/** RFC 1071, over 16-bit words; an odd last byte counts as followed by zero. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

const NOTHING = Buffer.alloc(0);

/** The segment with its checksum over the pseudo header (RFC 9293 3.1, RFC 8200 8.1). */
function withChecksum(segment: Segment, addresses: readonly Buffer[]): Buffer {
  const { bytes, checksumAt, protocol } = segment;
  if (checksumAt === undefined) return bytes;
  const result = Buffer.from(bytes);
  result.writeUInt16BE(0, checksumAt);
  const rest = Buffer.alloc(8);
  rest.writeUInt32BE(bytes.length, 0);
  rest[7] = protocol;
  const sum = checksum(Buffer.concat([...addresses, rest, result]));
  // RFC 768: UDP sends zero as all ones, because zero says that there is none
  result.writeUInt16BE(sum === 0 && protocol === Protocol.UDP ? 0xffff : sum, checksumAt);
  return result;
}

function cut(
  whole: Buffer,
  fragment: Fragment | undefined,
): { part: Buffer; offset: number; more: boolean } {
  if (!fragment) return { part: whole, offset: 0, more: false };
  const { offset } = fragment;
  const end = Math.min(whole.length, offset + (fragment.length ?? whole.length));
  return { part: whole.subarray(offset, end), offset, more: fragment.more ?? end < whole.length };
}

function typeOf(packet: Buffer): number {
  return packet[0]! >> 4 === 6 ? EtherType.IPV6 : EtherType.IPV4;
}
