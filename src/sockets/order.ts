import type { Listener, SocketConnection, SocketOrder } from '../model/sockets.ts';

type Measured = Pick<SocketConnection, 'receive_queue' | 'send_queue' | 'tcp' | 'cookie'>;

/** By what connections are sorted, most first. */
const MEASURES: Record<SocketOrder, (of: Measured) => number> = {
  queues: ({ receive_queue, send_queue }) => receive_queue + send_queue,
  rtt: ({ tcp }) => tcp?.rtt_us ?? 0,
  retransmits: ({ tcp }) => tcp?.retransmits ?? 0,
  bytes: ({ tcp }) => (tcp ? tcp.bytes_sent + tcp.bytes_received : 0),
  rate: ({ tcp }) => tcp?.delivery_bytes_per_s ?? 0,
};

/** Those that are alike keep an order, too, so that a list doesn't jump from look to look. */
export function byOrder(order: SocketOrder): (a: Measured, b: Measured) => number {
  const measure = MEASURES[order];
  return (a, b) => measure(b) - measure(a) || compare(a.cookie, b.cookie);
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
