import type { Listener, SocketOrder } from '../model/sockets.ts';
import type { Kept } from './kept.ts';
import { type SocketRow, TcpInfo } from './row.ts';
import type { Rates } from './traffic.ts';

/** @param at where the row stands among all, and so in the rates of them */
type Measure = (row: SocketRow, at: number, rates: Rates | undefined) => number;

const retransmits: Measure = (row) => row.tcp32(TcpInfo.total_retrans);

/** By what connections are sorted, most first; the second measure decides where the first is the same. */
const MEASURES: Record<SocketOrder, readonly [Measure, Measure]> = {
  queues: [({ receiveQueue, sendQueue }) => receiveQueue + sendQueue, retransmits],
  rtt: [(row) => row.tcp32(TcpInfo.rtt), retransmits],
  retransmits: [(_row, at, rates) => rates?.retransmits(at) ?? 0, retransmits],
  bytes: [(row) => row.tcp64(TcpInfo.bytes_sent) + row.tcp64(TcpInfo.bytes_received), retransmits],
  rate: [(_row, at, rates) => rates?.bytes(at) ?? 0, (row) => row.tcp64(TcpInfo.delivery_rate)],
};

/**
 * Where the first of them stand, in that order. Those that are alike are in the order in which they were made, so that
 * a list doesn't jump from look to look.
 * @param rates of the same connections; undefined: there are none
 */
export function firstBy(
  order: SocketOrder,
  connections: Kept,
  limit: number,
  rates?: Rates,
): number[] {
  const { count } = connections;
  const [first, second] = MEASURES[order];
  const keys = [0, 1, 2].map(() => new Float64Array(count));
  const [a, b, c] = keys as [Float64Array, Float64Array, Float64Array];
  for (let at = 0; at < count; at++) {
    const row = connections.row(at);
    a[at] = first(row, at, rates);
    b[at] = second(row, at, rates);
    c[at] = row.cookie;
  }
  return Array.from({ length: count }, (_, at) => at)
    .sort((x, y) => a[y]! - a[x]! || b[y]! - b[x]! || c[x]! - c[y]!)
    .slice(0, limit);
}

/** Who is in trouble first: by the fuller of its queues, then by what it dropped, then by port. */
export function byTrouble(a: Listener, b: Listener): number {
  return fullness(b) - fullness(a) || b.drops - a.drops || a.port - b.port || compare(a.ip, b.ip);
}

/** How full the fuller of a listener's queues is: 1 is full. The kernel takes one more than the limit of each socket. */
export function fullness(of: Listener): number {
  return Math.max(
    of.accept_queue / (of.accept_limit + of.sockets.length),
    of.syn_queue / Math.max(1, of.syn_limit),
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
