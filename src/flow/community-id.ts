import { icmpPair } from '../wire/icmp-pair.ts';
import { IpProto, isIcmp } from '../wire/ip-proto.ts';

/**
 * Community ID v1 (https://github.com/corelight/community-id-spec): `1:` and the base64 of SHA-1 over seed, the
 * ordered addresses, protocol, padding, and the ordered ports. This is the part before the hash, which sinks make.
 */
export const COMMUNITY_TUPLE_MAX = 40;

const SEED = 0;

/**
 * Writes the bytes to be hashed for a connection, seed 0, and returns how many (16 for IPv4, 40 for IPv6).
 * @param bytes holds both addresses of 16 bytes in network order, IPv4 as ::ffff:a.b.c.d, at `src` and `src + 16`,
 * and both ports as little-endian halves at `ports`, as records and rows do; for ICMP these are the originator's type,
 * and the type that answers it or, where none does, its code
 * @param proto IP protocol number; 0: TCP
 */
export function communityTuple(
  out: Uint8Array,
  bytes: Uint8Array,
  src: number,
  ports: number,
  isIpv4: boolean,
  proto: number,
): number {
  const skip = isIpv4 ? 12 : 0;
  const size = 16 - skip;
  let from = src + skip;
  let to = src + 16 + skip;
  let fromPort = ports;
  let toPort = ports + 2;
  const oneWay = isIcmp(proto) && icmpPair(proto, bytes[ports]!) < 0;
  if (!oneWay && !isOrdered(bytes, from, to, size, fromPort, toPort)) {
    [from, to] = [to, from];
    [fromPort, toPort] = [toPort, fromPort];
  }
  out[0] = SEED >> 8;
  out[1] = SEED & 0xff;
  for (let i = 0; i < size; i++) {
    out[2 + i] = bytes[from + i]!;
    out[2 + size + i] = bytes[to + i]!;
  }
  const p = 2 + 2 * size;
  out[p] = proto === 0 ? IpProto.tcp : proto;
  out[p + 1] = 0;
  out[p + 2] = bytes[fromPort + 1]!;
  out[p + 3] = bytes[fromPort]!;
  out[p + 4] = bytes[toPort + 1]!;
  out[p + 5] = bytes[toPort]!;
  return p + 6;
}

/** The smaller address comes first; of equal ones the smaller port. */
function isOrdered(
  bytes: Uint8Array,
  from: number,
  to: number,
  size: number,
  fromPort: number,
  toPort: number,
): boolean {
  for (let i = 0; i < size; i++) {
    if (bytes[from + i] !== bytes[to + i]) return bytes[from + i]! < bytes[to + i]!;
  }
  if (bytes[fromPort + 1] !== bytes[toPort + 1]) return bytes[fromPort + 1]! < bytes[toPort + 1]!;
  return bytes[fromPort]! <= bytes[toPort]!;
}
