import { IP6_HEADER, Protocol } from './ip.ts';
import { type Layers, u16 } from './layers.ts';

/** What a checksum says. */
export const Sum = {
  /** It can't be told: not all of it is there, or the sender made none. */
  unknown: 0,
  right: 1,
  wrong: 2,
  /** The network card was to fill it in, after the packet was captured on its way out. */
  offloaded: 3,
} as const;

export type Sum = (typeof Sum)[keyof typeof Sum];

const ALL_ONES = 0xffff;

/** Of an IPv4 header (RFC 791 3.1). IPv6 has none. */
export function ipSum({ bytes, ip, family, end }: Layers): Sum {
  if (family !== 4) return Sum.unknown;
  const header = (bytes[ip]! & 15) * 4;
  if (ip + header > end) return Sum.unknown;
  if (folded(added(bytes, ip, ip + header, 0)) === ALL_ONES) return Sum.right;
  return u16(bytes, ip + 10) === 0 ? Sum.offloaded : Sum.wrong;
}

/**
 * Of the segment, datagram or message at `layers.transport`, where all of it was captured (RFC 9293 3.1, RFC 768,
 * RFC 792, RFC 4443 2.3). A card that is to finish the sum finds that of the pseudo header in its place, with the length
 * or without; or zero.
 */
export function transportSum(layers: Layers): Sum {
  const { bytes, transport, protocol, family } = layers;
  const field = transport + fieldOf(protocol);
  const wireEnd = Math.min(layers.wireEnd, transport + layers.transportLength);
  const length = (protocol === Protocol.udp && u16(bytes, transport + 4)) || wireEnd - transport;
  const end = transport + length;
  if (field < transport || layers.fragmented || end > layers.end || field + 2 > end)
    return Sum.unknown;
  const sent = u16(bytes, field);
  if (protocol === Protocol.udp && sent === 0) return Sum.unknown; // it may be left out
  const isIcmp = protocol === Protocol.icmp;
  const pseudo = isIcmp ? 0 : addresses(layers) + protocol;
  if (folded(added(bytes, transport, end, pseudo + (isIcmp ? 0 : length))) === ALL_ONES)
    return Sum.right;
  if (family === 6 && hasOtherEnds(layers)) return Sum.unknown;
  const isPartial = sent === folded(pseudo + length) || sent === folded(pseudo) || sent === 0;
  return isPartial && !isIcmp && (family === 4 || protocol !== Protocol.icmp6)
    ? Sum.offloaded
    : Sum.wrong;
}

/**
 * Is the sum over other addresses than the IPv6 header has: while the packet is on its way through those of a routing
 * header (RFC 8200 8.1), or from a mobile host that tells its home address (RFC 6275 11.3.1)?
 */
function hasOtherEnds({ bytes, ip, transport }: Layers): boolean {
  let protocol = bytes[ip + 6]!;
  for (let at = ip + IP6_HEADER; at < transport; ) {
    const isOnItsWay = protocol === Protocol.routing && bytes[at + 3] !== 0;
    // it would be the first option, or stand behind padding of at most 7 bytes
    const mayTellHome =
      protocol === Protocol.destination &&
      bytes.subarray(at + 2, Math.min(transport, at + 10)).includes(HOME_ADDRESS);
    if (isOnItsWay || mayTellHome) return true;
    let length = (bytes[at + 1]! + 1) * 8;
    if (protocol === Protocol.authentication) length = (bytes[at + 1]! + 2) * 4;
    else if (protocol === Protocol.fragment) length = 8;
    protocol = bytes[at]!;
    at += length;
  }
  return false;
}

const HOME_ADDRESS = 0xc9;

/** Where in its header a protocol has its sum; less than nothing: it has none that is known. */
function fieldOf(protocol: number): number {
  switch (protocol) {
    case Protocol.tcp:
      return 16;
    case Protocol.udp:
      return 6;
    case Protocol.icmp:
    case Protocol.icmp6:
      return 2;
    default:
      return -1;
  }
}

function addresses({ bytes, ip, family }: Layers): number {
  return family === 4 ? added(bytes, ip + 12, ip + 20, 0) : added(bytes, ip + 8, ip + 40, 0);
}

/** The 16-bit words from `at` to `end`, added to `sum`; an odd byte counts as followed by zero. */
function added(bytes: Uint8Array, at: number, end: number, sum: number): number {
  let total = sum;
  let i = at;
  for (; i + 1 < end; i += 2) total += (bytes[i]! << 8) | bytes[i + 1]!;
  return i < end ? total + (bytes[i]! << 8) : total;
}

/** RFC 1071: carries are added at the other end. */
function folded(sum: number): number {
  let rest = sum;
  while (rest > 0xffff) rest = (rest & 0xffff) + Math.floor(rest / 0x1_0000);
  return rest;
}
