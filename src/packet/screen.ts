import type { CapturedPacket } from './captured-packet.ts';
import { ETHERNET_HEADER } from './ethernet.ts';
import { IP6_HEADER, Protocol } from './ip.ts';
import { EtherType, u16 } from './layers.ts';
import { LinkType } from './link-type.ts';
import { SegmentKind, TCP_HEADER, TELLING } from './tcp.ts';
import { isTunnelPort } from './udp-tunnel.ts';

const IP4_HEADER = 20;
const UDP_HEADER = 8;
/** Version 4, a header without options. */
const PLAIN_IP4 = 0x45;
// by names of their own: the compiler knows these at once, those of an object once it was there
const ETHERNET: number = LinkType.ethernet;
const IPV4: number = EtherType.ipv4;
const IPV6: number = EtherType.ipv6;
const TCP: number = Protocol.tcp;
const UDP: number = Protocol.udp;
const ATTEMPT: number = SegmentKind.attempt;

/**
 * Is this packet right in all that its decoders look at, and no attempt? It says so of most packets of most captures,
 * at a fraction of what the decoders take; of others it says nothing, and they are decoded. Checksums it doesn't know.
 */
export function isDull(bytes: Uint8Array, packet: CapturedPacket): boolean {
  if (packet.linkType !== ETHERNET) return false;
  const ip = packet.at + ETHERNET_HEADER;
  const end = packet.at + packet.captured;
  const wireEnd = packet.at + packet.length;
  if (ip + IP4_HEADER + TCP_HEADER > end) return false;
  const type = u16(bytes, ip - 2);
  if (type === IPV4) {
    const isWhole = bytes[ip] === PLAIN_IP4 && (u16(bytes, ip + 6) & 0x3fff) === 0;
    const length = u16(bytes, ip + 2) - IP4_HEADER;
    return isWhole && isDullIn(bytes, bytes[ip + 9]!, ip + IP4_HEADER, length, wireEnd);
  }
  if (type !== IPV6 || ip + IP6_HEADER + TCP_HEADER > end || bytes[ip]! >> 4 !== 6) return false;
  return isDullIn(bytes, bytes[ip + 6]!, ip + IP6_HEADER, u16(bytes, ip + 4), wireEnd);
}

/** @param at its transport header, of which the first 20 bytes are there @param length as the IP header says */
function isDullIn(
  bytes: Uint8Array,
  protocol: number,
  at: number,
  length: number,
  wireEnd: number,
): boolean {
  if (protocol === TCP) {
    const header = (bytes[at + 12]! >> 4) * 4;
    const isRight = header >= TCP_HEADER && header <= length && at + header <= wireEnd;
    return isRight && (bytes[at + 13]! & TELLING) !== ATTEMPT;
  }
  return (
    protocol === UDP &&
    length >= UDP_HEADER &&
    !isTunnelPort(u16(bytes, at)) &&
    !isTunnelPort(u16(bytes, at + 2))
  );
}
