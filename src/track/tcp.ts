import type { Layers } from '../packet/layers.ts';
import { type Segment, TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import type { Closing } from './close.ts';
import { Letter, tellFlags, tellScaled } from './history.ts';
import type { Payload } from './payload.ts';
import { Phase, phaseOf } from './phase.ts';
import { goOn } from './phases.ts';
import { End, EndMark, Mark, Row } from './row.ts';
import { beginEnd, beginPeer, relativeSeq, takeAck, takeSeq } from './sent.ts';
import type { TrackTable } from './table.ts';

/** What a segment is to its connection, in the order of Zeek's TCP analyzer, on which byte counts and history depend. */
export class TcpFlow {
  readonly #table: TrackTable;
  readonly #payload: Payload;
  readonly #closing: Closing;

  constructor(table: TrackTable, payload: Payload, closing: Closing) {
    this.#table = table;
    this.#payload = payload;
    this.#closing = closing;
  }

  /** Takes a segment of a row. True: the connection is over by it, but for late segments. */
  take(at: Arrival, layers: Layers, segment: Segment): boolean {
    const table = this.#table;
    const { words, numbers } = table;
    const flags = segment.flags;
    this.#read(at, segment);
    this.#markBegin(at);
    beginEnd(table, at);
    at.relative = relativeSeq(table, at.from, at.seq);
    tellFlags(table, at); // the ends may change places by it
    const { from, to } = at;
    this.#window(at);
    const isOver = (words[from + End.marks]! & words[to + End.marks]! & EndMark.closed) !== 0;
    if (!isOver) {
      const last = (at.base + Row.last_ns) >> 1;
      if (at.tsNs > numbers[last]!) numbers[last] = at.tsNs;
    }
    if ((flags & TcpFlag.fin) !== 0) {
      words[from + End.marks]! |= EndMark.fin;
      words[from + End.fin] = at.after;
    }
    const isAck = (flags & TcpFlag.ack) !== 0;
    if (isAck) {
      if (phaseOf(table, to) === Phase.inactive) beginPeer(table, at);
      else if ((flags & TcpFlag.rst) === 0) takeAck(table, at);
    }
    const after = words[from + End.last]!;
    takeSeq(table, at);
    const isOld = at.advance <= 0 && at.length > 0 && words[from + End.last] === after;
    if (isOld && phaseOf(table, from) !== Phase.reset)
      tellScaled(table, at.base, from, End.repeats, Letter.retransmit);
    goOn(table, at);
    let over = false;
    if (isAck) {
      this.#payload.acknowledge(at);
      over = this.#closing.check(at, at.to, at.from);
    }
    const isStream = (flags & TcpFlag.rst) === 0 && at.relative >= 0;
    if (at.length > 0 && at.whole && isStream)
      this.#payload.take(at, (flags & TcpFlag.syn) === 0 ? at.seq : (at.seq + 1) >>> 0);
    over = this.#closing.check(at, at.from, at.to) || over;
    if (at.closes) over = this.#closing.take(at) || over;
    numbers[(at.from + End.packets) >> 1]!++;
    numbers[(at.from + End.ip_bytes) >> 1]! += layers.ipLength;
    table.mark(at.row, at.fromOrig ? Mark.seenOrig : Mark.seenResp);
    return over;
  }

  /** Does a segment of the row's ends begin another connection? */
  isReuse(row: number, segment: Segment, reversed: boolean): boolean {
    if ((segment.flags & TcpFlag.syn) === 0) return false;
    const table = this.#table;
    const { words } = table;
    const base = row * Row.size;
    const orig = base + Row.orig;
    const resp = base + Row.resp;
    const isAnswer = (segment.flags & TcpFlag.ack) !== 0;
    if (isAnswer && phaseOf(table, orig) !== Phase.inactive) return false;
    const closed = (words[orig + End.marks]! | words[resp + End.marks]!) & EndMark.closed;
    if (closed !== 0) return true;
    if (segment.seq === words[(isAnswer ? resp : orig) + End.start]) return false;
    const opening = phaseOf(table, orig);
    const noAnswer = phaseOf(table, resp) === Phase.inactive;
    // the SYN was captured after its SYN+ACK
    if (
      !isAnswer &&
      opening === Phase.synAckSent &&
      noAnswer &&
      segment.seq === words[resp + End.start]
    )
      return false;
    // both ends ask at once (RFC 9293 3.5, figure 7)
    return !(reversed && !isAnswer && opening === Phase.synSent && noAnswer);
  }

  #read(at: Arrival, segment: Segment): void {
    const { flags } = segment;
    at.flags = flags;
    at.seq = segment.seq;
    at.ack = segment.ack;
    at.window = segment.window;
    at.length = segment.payload;
    at.whole = segment.captured >= segment.payload;
    let size = (flags & TcpFlag.rst) === 0 ? segment.payload : 0;
    if ((flags & TcpFlag.syn) !== 0) size++;
    if ((flags & TcpFlag.fin) !== 0) size++;
    at.after = (segment.seq + size) >>> 0;
  }

  /** Was the begin of the connection captured? */
  #markBegin({ row, fromOrig, flags }: Arrival): void {
    const table = this.#table;
    const marks = table.marks(row);
    if ((marks & (fromOrig ? Mark.seenOrig : Mark.seenResp)) !== 0) return;
    const isSyn = (flags & TcpFlag.syn) !== 0;
    if (fromOrig ? !isSyn || (flags & TcpFlag.ack) !== 0 : !isSyn) table.mark(row, Mark.partial);
    else if (fromOrig) table.unmark(row, Mark.partial);
  }

  /** A window of zero says nothing with a reset, after one, or when nothing is to come any more. */
  #window(at: Arrival): void {
    const table = this.#table;
    if (at.window !== 0 || (at.flags & TcpFlag.rst) !== 0) return;
    if (phaseOf(table, at.to) === Phase.closed || phaseOf(table, at.from) === Phase.reset) return;
    tellScaled(table, at.base, at.from, End.empty_windows, Letter.zeroWindow);
  }
}
