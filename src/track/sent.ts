/** Which sequence numbers an end has sent, and which of them were acknowledged. */
import { TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import { Phase, phaseBefore, phaseOf } from './phase.ts';
import { End, EndMark } from './row.ts';
import { ahead } from './sequence.ts';
import type { TrackTable } from './table.ts';

/** A jump that is no jump of a peer that works: SYN and RST can carry any number. */
const TOO_FAR = 1_048_576;

/** Begins an end's numbers at its first segment, or again at a SYN that contradicts what came before. */
export function beginEnd(table: TrackTable, segment: Arrival): void {
  const { words } = table;
  const { from, seq, after, flags } = segment;
  const isSyn = (flags & TcpFlag.syn) !== 0;
  const phase = phaseOf(table, from);
  if (phase === Phase.inactive) {
    if (isSyn) startAt(table, from, seq, after);
    else startAt(table, from, seq - 1, seq); // as though there had been a SYN
    return;
  }
  if (!isSyn) return;
  const opens = phase === Phase.synSent || phase === Phase.synAckSent;
  const again = phase === Phase.established || phase === Phase.partial;
  const afterReset = phase === Phase.reset && phaseBefore(table, from) === Phase.inactive;
  if ((opens && seq !== words[from + End.start]) || again || afterReset)
    startAt(table, from, seq, after);
}

/** Begins the numbers of an end of which only the other one's acknowledgement tells. */
export function beginPeer(table: TrackTable, segment: Arrival): void {
  startAt(table, segment.to, segment.ack - 1, segment.ack - 1);
}

function startAt(table: TrackTable, end: number, start: number, last: number): void {
  const { words } = table;
  const isSame = words[end + End.edge] !== 0 && words[end + End.start] === start;
  words[end + End.last] = last;
  if (isSame) return; // what is known of it stays
  words[end + End.start] = start;
  words[end + End.acked] = start;
  words[end + End.edge] = start + 1;
  words[end + End.trimmed] = start + 1;
  words[end + End.data_end] = start + 1;
}

/** Where the segment begins, relative to its end's initial sequence number. */
export function relativeSeq(table: TrackTable, end: number, seq: number): number {
  const { words } = table;
  const wraps = words[end + End.wraps]! & 0xffff;
  return relative(seq, words[end + End.last]!, wraps, words[end + End.start]!);
}

/** The same of an acknowledgement of what `end` sent. */
export function relativeAck(table: TrackTable, end: number, ack: number): number {
  const { words } = table;
  const wraps = words[end + End.wraps]! >>> 16;
  return relative(ack, words[end + End.acked]!, wraps, words[end + End.start]!);
}

function relative(number: number, latest: number, wraps: number, start: number): number {
  const delta = ahead(number, latest);
  let rounds = wraps;
  if (delta < 0 && rounds > 0 && number > latest) rounds--;
  else if (delta > 0 && number < latest) rounds++;
  return rounds === 0 ? ahead(number, start) : rounds * WRAP + number - start;
}

/** Goes on to the segment's end; sets its `advance`. */
export function takeSeq(table: TrackTable, segment: Arrival): void {
  const { words } = table;
  const { from, after, flags } = segment;
  const last = words[from + End.last]!;
  const advance = ahead(after, last);
  segment.advance = advance;
  const jumps = (flags & (TcpFlag.syn | TcpFlag.rst)) !== 0;
  if (jumps && (advance > TOO_FAR || advance < -TOO_FAR)) return;
  const onlySyn = (flags & TcpFlag.fin) !== 0 && last === (words[from + End.start]! + 1) >>> 0;
  const trusted = advance > 0 && phaseOf(table, from) !== Phase.reset;
  if (!onlySyn && !trusted) return;
  if (after < last) words[from + End.wraps] = (words[from + End.wraps]! + 1) & 0xffff_ffff;
  words[from + End.last] = after;
}

/** Goes on to what the segment acknowledges of the other end's. */
export function takeAck(table: TrackTable, { to, ack }: Arrival): void {
  const { words } = table;
  const acked = words[to + End.acked]!;
  const advance = ahead(ack, acked);
  if (advance <= 0 || (ack === 0 && advance > TOO_FAR)) return;
  if (ack < acked) words[to + End.wraps]! += 0x1_0000;
  words[to + End.acked] = ack;
}

/** Was nothing acknowledged of an end's but its SYN? */
export function isNothingAcked(table: TrackTable, end: number): boolean {
  const { words } = table;
  const wraps = words[end + End.wraps]! >>> 16;
  const acked = words[end + End.acked]! + wraps * WRAP - words[end + End.start]!;
  return acked === 0 || acked === 1;
}

/** Payload bytes that an end sent, by its sequence numbers and those that were acknowledged. */
export function bytesSent(table: TrackTable, end: number, other: number): number {
  const { words } = table;
  const gaveUp =
    phaseBefore(table, end) === Phase.synSent &&
    phaseOf(table, end) === Phase.reset &&
    phaseOf(table, other) === Phase.inactive;
  if (gaveUp && !isNothingAcked(table, end)) return 0;
  const wraps = words[end + End.wraps]!;
  const last = words[end + End.last]! + (wraps & 0xffff) * WRAP;
  const acked = words[end + End.acked]! + (wraps >>> 16) * WRAP;
  let size = Math.max(last, acked) - words[end + End.start]!;
  if (size > 0) size--; // the SYN
  if (size > 0 && (words[end + End.marks]! & EndMark.fin) !== 0) size--;
  return Math.max(0, size);
}

const WRAP = 0x1_0000_0000;
