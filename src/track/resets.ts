import { TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import { Phase, phaseOf } from './phase.ts';
import { End, EndMark } from './row.ts';
import { ahead } from './sequence.ts';
import type { TrackTable } from './table.ts';

/**
 * Does a reset end the connection of who gets it (RFC 9293 3.10.7.3 and 3.10.7.4)? To a SYN it must acknowledge that.
 * Later on it must have the number that is expected next: between what was acknowledged of the sender and the last that
 * it sent, since an acknowledgement may be on its way. Another one is ignored, or answered by a challenge (RFC 5961).
 */
export function resets(table: TrackTable, at: Arrival): boolean {
  const { words } = table;
  const { from, to, seq, ack, flags } = at;
  const sender = phaseOf(table, from);
  const getter = phaseOf(table, to);
  if (getter === Phase.synSent && sender === Phase.inactive)
    return (flags & TcpFlag.ack) !== 0 && ack === words[to + End.last];
  if (sender === Phase.inactive || getter === Phase.inactive) return true;
  const acked = words[from + End.acked]!;
  if (ahead(acked, words[from + End.start]!) <= 0) return true; // its other end isn't captured
  // macOS sends some with the number of its FIN, which Linux accepts
  const slack = (words[from + End.marks]! & EndMark.fin) === 0 ? 0 : 1;
  return ahead(seq, acked) >= -slack && ahead(seq, words[from + End.last]!) <= 0;
}
