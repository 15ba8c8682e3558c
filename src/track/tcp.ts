import type { Layers } from '../packet/layers.ts';
import { TcpOptions } from '../packet/tcp-options.ts';
import { type Segment, TcpFlag } from '../packet/tcp.ts';
import { Form } from '../wire/layout.gen.ts';
import type { Arrival } from './arrival.ts';
import type { Closing } from './close.ts';
import { Letter, tellFlags, tellScaled } from './history.ts';
import type { Payload } from './payload.ts';
import { Phase, phaseOf } from './phase.ts';
import { goOn } from './phases.ts';
import { takeRepeat } from './repeats.ts';
import { resets } from './resets.ts';
import { End, EndMark, Mark, Row, Text } from './row.ts';
import { beginEnd, beginPeer, relativeSeq, takeAck, takeSeq } from './sent.ts';
import { ahead } from './sequence.ts';
import type { States } from './states.ts';
import type { TrackTable } from './table.ts';
import { timeAcked, timeSent } from './timing.ts';
import { takeOptions, takeWindow } from './window.ts';

const { ack: ACK, fin: FIN, rst: RST, syn: SYN, urg: URG } = TcpFlag;

/**
 * What a segment is to its connection. The steps have the order of Zeek's TCP analyzer, on which history, bytes and
 * duration depend.
 */
export class TcpFlow {
  readonly #table: TrackTable;
  readonly #payload: Payload;
  readonly #closing: Closing;
  readonly #states: States;
  readonly #options: TcpOptions = new TcpOptions();

  constructor(table: TrackTable, payload: Payload, closing: Closing, states: States) {
    this.#table = table;
    this.#payload = payload;
    this.#closing = closing;
    this.#states = states;
  }

  /** Takes a segment of a row. True: the connection is over by it, but for late segments. */
  take(at: Arrival, layers: Layers, segment: Segment): boolean {
    const table = this.#table;
    const { words, numbers } = table;
    read(at, segment);
    markBegin(table, at);
    const isReset = (at.flags & RST) !== 0;
    at.resets = isReset && resets(table, at);
    const isFirst = phaseOf(table, at.from) === Phase.inactive;
    beginEnd(table, at);
    at.relative = relativeSeq(table, at.from, at.seq);
    tellFlags(table, at); // the ends may change places by it
    const sameWindow = this.#window(at);
    touch(table, at);
    if ((at.flags & SYN) !== 0) takeOptions(table, at, this.#options, layers, segment);
    if ((at.flags & FIN) !== 0) {
      words[at.from + End.marks]! |= EndMark.fin;
      words[at.from + End.fin] = at.after;
    }
    const isAck = (at.flags & ACK) !== 0;
    if (isAck) this.#ack(at, sameWindow);
    if (isReset && !at.resets) words[at.from + End.marks]! |= EndMark.doubted;
    else {
      words[at.from + End.marks]! &= ~EndMark.doubted;
      this.#seq(at, isFirst);
      goOn(table, at); // so they may by this
    }
    this.#states.take(at);
    let over = false;
    if (isAck) {
      this.#payload.acknowledge(at);
      over = this.#closing.check(at, at.to, at.from);
    }
    if (at.length > 0 && !isReset) this.#data(at);
    over = this.#closing.check(at, at.from, at.to) || over;
    if (at.closes) over = this.#closing.take(at) || over;
    numbers[(at.from + End.packets) >> 1]!++;
    numbers[(at.from + End.ip_bytes) >> 1]! += layers.ipLength;
    table.mark(at.row, at.fromOrig ? Mark.seenOrig : Mark.seenResp);
    return over;
  }

  #ack(at: Arrival, sameWindow: boolean): void {
    const table = this.#table;
    const { words } = table;
    const { from, to, ack, flags } = at;
    if (phaseOf(table, to) === Phase.inactive) {
      beginPeer(table, at);
      return;
    }
    if ((flags & RST) !== 0) return;
    // RFC 5681 2: it says nothing new while something is on its way
    const isDuplicate =
      sameWindow &&
      at.length === 0 &&
      (flags & (SYN | FIN)) === 0 &&
      ack === words[to + End.acked] &&
      ahead(words[to + End.last]!, ack) > 0;
    if (isDuplicate) words[from + End.duplicate_acks]!++;
    takeAck(table, at);
    timeAcked(table, at);
  }

  #seq(at: Arrival, isFirst: boolean): void {
    const table = this.#table;
    const { words } = table;
    const { from, flags, length } = at;
    const last = words[from + End.last]!;
    takeSeq(table, at);
    const isOld = at.advance <= 0 && words[from + End.last] === last;
    if (isOld && length > 0 && phaseOf(table, from) !== Phase.reset)
      tellScaled(table, at.base, from, End.repeats, Letter.retransmit);
    if (at.advance > 0 || isFirst) {
      if (at.after !== at.seq) timeSent(table, at);
    }
    if (!isFirst) takeRepeat(table, this.#payload, at, last);
    if ((flags & URG) === 0) return;
    const urgent = (at.seq + at.urgent) >>> 0;
    if (ahead(urgent, words[from + End.urgent]!) > 0 || words[from + End.urgent] === 0)
      words[from + End.urgent] = urgent;
  }

  #data(at: Arrival): void {
    const table = this.#table;
    const { words } = table;
    const { from, to } = at;
    if (!at.whole) words[from + End.marks]! |= EndMark.cut;
    else if (at.relative >= 0)
      this.#payload.take(at, (at.flags & SYN) === 0 ? at.seq : (at.seq + 1) >>> 0);
    const knowsFin =
      (words[to + End.marks]! & EndMark.fin) !== 0 && ahead(at.ack, words[to + End.fin]!) >= 0;
    if (knowsFin && at.advance > 0)
      table.bytes[((at.base + Row.text) << 2) + Text.forms]! |= Form.HALF_CLOSE;
  }

  /** A window of zero says nothing with a reset, after one, or when nothing is to come any more. */
  #window(at: Arrival): boolean {
    const table = this.#table;
    const isOver =
      phaseOf(table, at.to) === Phase.closed || phaseOf(table, at.from) === Phase.reset;
    if (at.window === 0 && isOver) return false;
    if (at.window === 0 && (at.flags & RST) === 0)
      tellScaled(table, at.base, at.from, End.empty_windows, Letter.zeroWindow);
    return takeWindow(table, at);
  }
}

function read(at: Arrival, segment: Segment): void {
  const { flags, payload } = segment;
  at.flags = flags;
  at.seq = segment.seq;
  at.ack = segment.ack;
  at.window = segment.window;
  at.urgent = segment.urgent;
  at.length = payload;
  at.whole = segment.captured >= payload;
  let size = (flags & RST) === 0 ? payload : 0;
  if ((flags & SYN) !== 0) size++;
  if ((flags & FIN) !== 0) size++;
  at.after = (segment.seq + size) >>> 0;
}

/** Was the begin of the connection captured? */
function markBegin(table: TrackTable, { row, fromOrig, flags }: Arrival): void {
  const marks = table.marks(row);
  if ((marks & (fromOrig ? Mark.seenOrig : Mark.seenResp)) !== 0) return;
  const isSyn = (flags & SYN) !== 0;
  if (fromOrig ? !isSyn || (flags & ACK) !== 0 : !isSyn) table.mark(row, Mark.partial);
  else if (fromOrig) table.unmark(row, Mark.partial);
}

/** Something came, unless both ends have closed. */
function touch(table: TrackTable, { base, from, to, tsNs }: Arrival): void {
  const { words, numbers } = table;
  if ((words[from + End.marks]! & words[to + End.marks]! & EndMark.closed) !== 0) return;
  const last = (base + Row.last_ns) >> 1;
  if (tsNs > numbers[last]!) numbers[last] = tsNs;
}
