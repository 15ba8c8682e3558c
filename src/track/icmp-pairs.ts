import { IpProto } from '../wire/ip-proto.ts';

/**
 * The type of message that answers a type, or asks for it; -1: nothing does (RFC 792, 950, 1256; RFC 4443, 4861, 2710,
 * 4620, 6275). As Zeek pairs them.
 */
export function counterpart(proto: number, type: number): number {
  return (proto === IpProto.icmp ? V4 : V6)[type] ?? -1;
}

/** Does it ask for an answer? */
export function isRequest(proto: number, type: number): boolean {
  return (proto === IpProto.icmp ? REQUESTS_V4 : REQUESTS_V6).some(([request]) => request === type);
}

type Pair = readonly [request: number, reply: number];

/** Echo, router discovery, timestamp, information, address mask. */
const REQUESTS_V4: readonly Pair[] = [
  [8, 0],
  [10, 9],
  [13, 14],
  [15, 16],
  [17, 18],
];

/** Echo, multicast listeners, routers, neighbours, node information, home agents. */
const REQUESTS_V6: readonly Pair[] = [
  [128, 129],
  [130, 131],
  [133, 134],
  [135, 136],
  [139, 140],
  [144, 145],
];

const V4 = table(REQUESTS_V4);
const V6 = table(REQUESTS_V6);

function table(pairs: readonly Pair[]): Int16Array {
  const types = new Int16Array(256).fill(-1);
  for (const [request, reply] of pairs) {
    types[request] = reply;
    types[reply] = request;
  }
  return types;
}
