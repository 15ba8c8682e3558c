/** Segments that carry what their end has sent before. */
import { TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import type { Payload } from './payload.ts';
import { End, EndMark } from './row.ts';
import { ahead } from './sequence.ts';
import type { TrackTable } from './table.ts';
import { timeAgain } from './timing.ts';

/** Without a round trip to compare with, segments that overtake each other do so within this time. */
const REORDER_US = 3000;

/**
 * Counts a segment that begins before the end of what was sent, as a retransmission or, where it fills a hole sooner
 * than a loss could have been noticed, as out of order. Keep-alives (RFC 9293 3.8.4) and probes of a closed window are
 * neither. @param last what the end had sent before this segment
 */
export function takeRepeat(table: TrackTable, payload: Payload, at: Arrival, last: number): void {
  const { words } = table;
  const { from, to, seq, length, flags } = at;
  if ((flags & TcpFlag.rst) !== 0 || at.after === seq || ahead(seq, last) >= 0) return;
  const isControl = (flags & (TcpFlag.syn | TcpFlag.fin)) !== 0;
  const isIdle = words[from + End.acked] === last || words[to + End.window] === 0;
  if (!isControl && isIdle && length <= 1 && ahead(last, seq) === 1) return;
  timeAgain(table, from);
  const isUnknown = (words[from + End.marks]! & (EndMark.cut | EndMark.unfollowed)) !== 0;
  const again = ahead((seq + length) >>> 0, last) > 0 ? last : (seq + length) >>> 0;
  if (!isControl && !isUnknown && !payload.has(from, seq, again)) {
    const rtt = words[from + End.rtt]!;
    const noticed = rtt === 0 ? REORDER_US : rtt >>> 3;
    if ((at.us - words[from + End.advanced_us]!) >>> 0 <= noticed) {
      words[from + End.out_of_order]!++;
      return;
    }
  }
  words[from + End.retransmits]!++;
}
