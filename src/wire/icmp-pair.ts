import { IpProto } from './ip-proto.ts';

/**
 * The type of ICMP or ICMPv6 message that answers one of this type, and is answered by it; -1: none does, so that it
 * goes one way only.
 * @param proto IP protocol number
 */
export function icmpPair(proto: number, type: number): number {
  return (proto === IpProto.icmp ? ICMP : ICMP6).get(type) ?? -1;
}

/** RFC 792, 950, 1256: echo, timestamp, information, address mask, router. */
const ICMP = pairs([8, 0], [13, 14], [15, 16], [17, 18], [10, 9]);
/** RFC 4443, 2710, 4861, 4620, 6275: echo, listener, router, neighbour, node information, home agent. */
const ICMP6 = pairs([128, 129], [130, 131], [133, 134], [135, 136], [139, 140], [144, 145]);

function pairs(...list: readonly (readonly [number, number])[]): ReadonlyMap<number, number> {
  return new Map([...list, ...list.map(([a, b]): [number, number] => [b, a])]);
}
