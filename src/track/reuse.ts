import { type Segment, TcpFlag } from '../packet/tcp.ts';
import { Phase, phaseOf } from './phase.ts';
import { End, EndMark, Row } from './row.ts';
import type { TrackTable } from './table.ts';

/**
 * Does a segment between a row's ends begin another connection? A SYN does, when one end has closed or the SYN has
 * another number than the first one.
 */
export function isReuse(
  table: TrackTable,
  row: number,
  { flags, seq }: Segment,
  fromOrig: boolean,
): boolean {
  if ((flags & TcpFlag.syn) === 0) return false;
  const { words } = table;
  const orig = row * Row.size + Row.orig;
  const resp = row * Row.size + Row.resp;
  const asked = phaseOf(table, orig);
  const isAnswer = (flags & TcpFlag.ack) !== 0;
  if (isAnswer && asked !== Phase.inactive) return false;
  if (((words[orig + End.marks]! | words[resp + End.marks]!) & EndMark.closed) !== 0) return true;
  if (seq === words[(isAnswer ? resp : orig) + End.start]) return false;
  if (isAnswer || phaseOf(table, resp) !== Phase.inactive) return true;
  // the SYN was captured after its SYN+ACK
  if (asked === Phase.synAckSent && seq === words[resp + End.start]) return false;
  // both ends ask at once (RFC 9293 3.5, figure 7)
  return fromOrig || asked !== Phase.synSent;
}
