/** The states of both ends, each with a machine of its own, as far as segments show what it sent and received. */
import { TcpState } from '../model/tcp-state.ts';
import { TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import { End, EndMark, Phases, Row, Text } from './row.ts';
import { ahead } from './sequence.ts';
import type { TrackTable } from './table.ts';
import { Form } from '../wire/layout.gen.ts';

/** States are numbered as the kernel does, from 1 to 11; 0 is none. */
export const STATES = 12;

/**
 * Goes through the diagram of RFC 9293 3.3.2 (figure 5) for each end. An end has received a SYN or FIN once it
 * acknowledges it, since only that shows that it came; it has received an acknowledgement, or a reset, when that is
 * captured.
 */
export class States {
  /** Ends in each state now. */
  readonly now: Float64Array = new Float64Array(STATES);
  /** Ends in the state that they had when their connection was over. */
  readonly left: Float64Array = new Float64Array(STATES);
  /** How often an end went from one state to another: `STATES * from + to`. */
  readonly transitions: Float64Array = new Float64Array(STATES * STATES);
  readonly #table: TrackTable;

  constructor(table: TrackTable) {
    this.#table = table;
  }

  /** Begins a row: nothing is known of its ends. */
  begin(base: number): void {
    const { bytes } = this.#table;
    bytes[((base + Row.orig + End.phases) << 2) + Phases.state] = TcpState.CLOSE;
    bytes[((base + Row.resp + End.phases) << 2) + Phases.state] = TcpState.CLOSE;
    this.now[TcpState.CLOSE]! += 2;
  }

  /** Ends a row. */
  end(base: number): void {
    for (const end of [base + Row.orig, base + Row.resp]) {
      const state = stateOf(this.#table, end);
      this.now[state]!--;
      this.left[state]!++;
    }
  }

  /** Takes a segment whose numbers were taken. */
  take(at: Arrival): void {
    const { flags } = at;
    if ((flags & TcpFlag.rst) !== 0) {
      if (at.resets) this.#reset(at);
      return;
    }
    if ((flags & TcpFlag.ack) !== 0) this.#received(at);
    if ((flags & TcpFlag.syn) !== 0) this.#sentSyn(at);
    else if (!this.#hasMark(at.from, EndMark.stated)) this.#meet(at);
    if ((flags & TcpFlag.ack) !== 0) this.#acknowledged(at);
    if ((flags & TcpFlag.fin) !== 0) this.#sentFin(at.from);
  }

  /** What the sender shows to have received, by what it acknowledges. */
  #received({ base, from, to, ack }: Arrival): void {
    const { words } = this.#table;
    const peer = words[to + End.marks]!;
    const state = stateOf(this.#table, from);
    if (state === TcpState.SYN_SENT) {
      if ((peer & EndMark.stated) === 0 || ahead(ack, words[to + End.start]!) <= 0) return;
      if ((peer & EndMark.active) !== 0) this.#openBoth(base, from);
      if (this.#isAcked(from)) this.#go(from, TcpState.ESTABLISHED);
      return;
    }
    if ((peer & EndMark.fin) === 0 || ahead(ack, words[to + End.fin]!) < 0) return;
    if (state === TcpState.ESTABLISHED) this.#go(from, TcpState.CLOSE_WAIT);
    else if (state === TcpState.FIN_WAIT1) this.#closeBoth(base, from);
    else if (state === TcpState.FIN_WAIT2) this.#go(from, TcpState.TIME_WAIT);
  }

  /** Both ends sent a SYN that answers none. */
  #openBoth(base: number, end: number): void {
    this.#go(end, TcpState.SYN_RECV);
    this.#table.bytes[((base + Row.text) << 2) + Text.forms]! |= Form.SIMULTANEOUS_OPEN;
  }

  /** Both ends sent a FIN before the other's came. */
  #closeBoth(base: number, end: number): void {
    this.#go(end, TcpState.CLOSING);
    this.#table.bytes[((base + Row.text) << 2) + Text.forms]! |= Form.SIMULTANEOUS_CLOSE;
  }

  #sentSyn({ from, flags }: Arrival): void {
    const state = stateOf(this.#table, from);
    if ((flags & TcpFlag.ack) === 0) {
      this.#table.words[from + End.marks]! |= EndMark.active;
      if (state === TcpState.CLOSE) this.#go(from, TcpState.SYN_SENT);
      return;
    }
    if (state !== TcpState.CLOSE) return;
    this.#go(from, TcpState.LISTEN); // it must have been there
    this.#go(from, TcpState.SYN_RECV);
  }

  /** The begin was not captured: whoever sends is established, and so is whoever is acknowledged. */
  #meet({ from, to, flags }: Arrival): void {
    if ((flags & TcpFlag.ack) === 0) return;
    this.#set(from, TcpState.CLOSE, TcpState.ESTABLISHED);
    if (!this.#hasMark(to, EndMark.stated)) this.#set(to, TcpState.CLOSE, TcpState.ESTABLISHED);
  }

  #sentFin(end: number): void {
    const state = stateOf(this.#table, end);
    if (state === TcpState.SYN_RECV || state === TcpState.ESTABLISHED)
      this.#go(end, TcpState.FIN_WAIT1);
    else if (state === TcpState.CLOSE_WAIT) this.#go(end, TcpState.LAST_ACK);
  }

  /** The other end gets the acknowledgement, of its SYN or of its FIN too. */
  #acknowledged({ base, from, to, ack, flags }: Arrival): void {
    const { words } = this.#table;
    const state = stateOf(this.#table, to);
    if (state === TcpState.SYN_RECV) {
      if (ahead(ack, words[to + End.start]!) > 0) this.#go(to, TcpState.ESTABLISHED);
      return;
    }
    if (!this.#hasMark(to, EndMark.fin) || ahead(ack, words[to + End.fin]!) < 0) return;
    // a FIN that was sent before this acknowledgement also came before it
    const after = this.#hasMark(from, EndMark.fin) && (flags & TcpFlag.fin) === 0;
    if (state === TcpState.FIN_WAIT1 && after) this.#closeBoth(base, to);
    if (state === TcpState.FIN_WAIT1) this.#go(to, after ? TcpState.TIME_WAIT : TcpState.FIN_WAIT2);
    else if (state === TcpState.CLOSING) this.#go(to, TcpState.TIME_WAIT);
    else if (state === TcpState.LAST_ACK) this.#go(to, TcpState.CLOSE);
  }

  /** Whoever sends a reset has no connection any more, nor has who gets it; a listener goes on listening. */
  #reset({ from, to }: Arrival): void {
    const { words } = this.#table;
    const isPassive =
      stateOf(this.#table, to) === TcpState.SYN_RECV && !this.#hasMark(to, EndMark.active);
    this.#go(from, TcpState.CLOSE);
    this.#go(to, isPassive ? TcpState.LISTEN : TcpState.CLOSE);
    words[from + End.marks]! |= EndMark.stated;
    words[to + End.marks]! |= EndMark.stated;
  }

  #isAcked(end: number): boolean {
    const { words } = this.#table;
    return ahead(words[end + End.acked]!, words[end + End.start]!) > 0;
  }

  #hasMark(end: number, mark: number): boolean {
    return (this.#table.words[end + End.marks]! & mark) !== 0;
  }

  #go(end: number, state: number): void {
    const before = stateOf(this.#table, end);
    if (before === state) return;
    this.transitions[STATES * before + state]!++;
    this.#set(end, before, state);
  }

  #set(end: number, before: number, state: number): void {
    this.#table.bytes[((end + End.phases) << 2) + Phases.state] = state;
    this.#table.words[end + End.marks]! |= EndMark.stated;
    this.now[before]!--;
    this.now[state]!++;
  }
}

/** The state of an end (TcpState). */
export function stateOf(table: TrackTable, end: number): number {
  return table.bytes[((end + End.phases) << 2) + Phases.state]!;
}

/** Has an end in this state a connection, or had one? */
export function isSynchronized(state: number): boolean {
  return (
    state !== TcpState.CLOSE &&
    state !== TcpState.LISTEN &&
    state !== TcpState.SYN_SENT &&
    state !== TcpState.SYN_RECV
  );
}
