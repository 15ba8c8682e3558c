/** Round trips and what is in flight, by segments and their acknowledgements. */
import { TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import { End, EndMark } from './row.ts';
import { ahead, later } from './sequence.ts';
import type { TrackTable } from './table.ts';

/** A segment that carries something new. */
export function timeSent(table: TrackTable, at: Arrival): void {
  const { words } = table;
  const { from } = at;
  words[from + End.advanced_us] = at.us;
  const marks = words[from + End.marks]!;
  if ((marks & EndMark.timing) === 0) {
    words[from + End.marks] = marks | EndMark.timing;
    words[from + End.timed] = at.after;
    words[from + End.timed_us] = at.us;
  }
  if (at.length === 0) return;
  const acked = words[from + End.acked]!;
  const first = words[from + End.start]! + 1;
  const flight = ahead(at.seq + at.length, later(acked, first));
  if (flight > words[from + End.cwnd]!) words[from + End.cwnd] = flight;
  if ((marks & EndMark.syn) === 0 || ahead(acked, first) > 0) return;
  // slow start begins with what is sent before any of it is acknowledged (RFC 5681 3.1)
  const window = ahead(at.seq + at.length, first);
  if (window > words[from + End.initial_window]!) words[from + End.initial_window] = window;
}

/** An acknowledgement that covers the segment which was timed: smoothing of RFC 6298 2. */
export function timeAcked(table: TrackTable, at: Arrival): void {
  const { words } = table;
  const { to } = at;
  const marks = words[to + End.marks]!;
  if ((marks & EndMark.timing) === 0 || ahead(at.ack, words[to + End.timed]!) < 0) return;
  words[to + End.marks] = marks & ~EndMark.timing;
  const took = (at.us - words[to + End.timed_us]!) | 0;
  if (took < 0 || (at.flags & TcpFlag.rst) !== 0) return;
  const sample = Math.min(Math.max(1, took), LONGEST_US);
  const before = words[to + End.rtt]!;
  words[to + End.rtt] = before === 0 ? 8 * sample : before - Math.round(before / 8) + sample;
}

/** What is sent again can't be timed, since nobody knows which one is acknowledged (Karn). */
export function timeAgain(table: TrackTable, end: number): void {
  table.words[end + End.marks]! &= ~EndMark.timing;
}

/** An eighth of a 32-bit number. */
const LONGEST_US = 500_000_000;
