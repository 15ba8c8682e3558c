import { parseIp4, parseIp6, Protocol } from './ip.ts';
import { type Layers, Parsed } from './layers.ts';

/** Destination unreachable, the number of its type (RFC 792, RFC 4443). */
export const Unreachable = { icmp: 3, icmp6: 1 } as const;
/** Type, code, checksum and four bytes more; then the packet that it answers. */
export const ICMP_HEADER = 8;

/**
 * Goes on from an ICMP destination unreachable to the transport header of the packet that it quotes: afterwards
 * `layers` tells of that one.
 */
export function parseUnreachable(layers: Layers): Parsed {
  const { bytes, transport: at, protocol } = layers;
  if (at + ICMP_HEADER > layers.end) return layers.missing(at + ICMP_HEADER);
  if (protocol === Protocol.icmp && bytes[at] === Unreachable.icmp)
    return parseIp4(layers, at + ICMP_HEADER);
  if (protocol === Protocol.icmp6 && bytes[at] === Unreachable.icmp6)
    return parseIp6(layers, at + ICMP_HEADER);
  return Parsed.other;
}
