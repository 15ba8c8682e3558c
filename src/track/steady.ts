import { TcpState } from '../model/tcp-state.ts';
import { type Segment, TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import { isToldOf } from './history.ts';
import { MOST_UNACKED } from './payload.ts';
import { Phase } from './phase.ts';
import { End, EndMark, Mark, Row } from './row.ts';
import { ahead } from './sequence.ts';
import type { TrackTable } from './table.ts';
import { timeAcked, timeSent } from './timing.ts';
import { scaled } from './window.ts';

const { ack: ACK, fin: FIN, rst: RST, syn: SYN, urg: URG } = TcpFlag;
/** Acknowledgements that go further at once are looked at closely. */
const MOST_ACKED = 1_048_576;
/** Both bytes that Phases.now and Phases.state are in a word. */
const PHASE_AND_STATE = 0x00ff_00ff;
const OPEN = Phase.established | (TcpState.ESTABLISHED << 16);
const UNSTEADY =
  EndMark.closed | EndMark.eof | EndMark.fin | EndMark.doubted | EndMark.unfollowed | EndMark.cut;

/**
 * Takes a segment that changes nothing but numbers, as nearly all do: of a connection that is open, with no more than
 * what comes next, after which nothing is missing. It does what TcpFlow does, in a fraction of the time.
 * False: the segment isn't one, and nothing is done.
 */
export function takeSteady(
  table: TrackTable,
  at: Arrival,
  segment: Segment,
  ipLength: number,
): boolean {
  const { words, numbers } = table;
  const { base, from, to } = at;
  const { flags, seq, ack, payload, window } = segment;
  if ((flags & (ACK | SYN | FIN | RST | URG)) !== ACK || window === 0) return false;
  const steady =
    (words[from + End.phases]! & PHASE_AND_STATE) === OPEN &&
    (words[to + End.phases]! & PHASE_AND_STATE) === OPEN &&
    ((words[from + End.marks]! | words[to + End.marks]!) & UNSTEADY) === 0 &&
    (words[from + End.ranges]! | words[to + End.ranges]!) === 0 &&
    words[from + End.last] === seq &&
    words[from + End.edge] === seq &&
    segment.captured === payload;
  if (!steady) return false;
  const acked = ahead(ack, words[to + End.acked]!);
  if (acked < 0 || acked > MOST_ACKED || ahead(ack, words[to + End.edge]!) > 0) return false;
  const after = (seq + payload) >>> 0;
  const newer = ahead(seq, words[from + End.window_seq]!);
  if (
    ((words[from + End.marks]! & EndMark.window) !== 0 &&
      (newer < 0 || (newer === 0 && ahead(ack, words[from + End.window_ack]!) < 0))) ||
    ahead(words[from + End.acked]!, seq) > 0 ||
    ahead(after, words[from + End.trimmed]!) > MOST_UNACKED ||
    !isToldOf(words[base + Row.seen]!, at.fromOrig, payload > 0) ||
    (table.marks(at.row) & (Mark.asked | Mark.opened)) === Mark.asked
  )
    return false;

  if (at.tsNs > numbers[(base + Row.last_ns) >> 1]!) numbers[(base + Row.last_ns) >> 1] = at.tsNs;
  numbers[(from + End.packets) >> 1]!++;
  numbers[(from + End.ip_bytes) >> 1]! += ipLength;
  const offered = scaled(table, from, to, window);
  if (acked > 0) {
    if (ack < words[to + End.acked]!) words[to + End.wraps]! += 0x1_0000;
    words[to + End.acked] = ack;
  } else if (payload === 0 && offered === words[from + End.window]) {
    if (ahead(words[to + End.last]!, ack) > 0) words[from + End.duplicate_acks]!++;
  }
  if (ahead(ack, words[to + End.trimmed]!) > 0) words[to + End.trimmed] = ack;
  at.ack = ack;
  at.flags = flags;
  timeAcked(table, at); // also what was sent after it was acknowledged
  words[from + End.window] = offered;
  words[from + End.window_seq] = seq;
  words[from + End.window_ack] = ack;
  words[from + End.marks]! |= EndMark.window;
  if (payload === 0) return true;
  if (after < seq) words[from + End.wraps]!++;
  words[from + End.last] = after;
  words[from + End.edge] = after;
  words[from + End.data_end] = after;
  at.seq = seq;
  at.length = payload;
  at.after = after;
  timeSent(table, at);
  return true;
}
