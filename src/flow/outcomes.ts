import { EventCode } from '../model/events.ts';
import { TcpState } from '../model/tcp-state.ts';
import { Direction, SocketPart } from '../wire/layout.gen.ts';
import { takeCounters } from './absorb.ts';
import type { Connections } from './connections.ts';
import type { Tally } from './counts.ts';
import { Ending, endingOf, eventOf } from './ending.ts';
import { List, Mark, Row } from './row.ts';
import { Seen } from './seen.ts';
import type { ConnectionTable } from './table.ts';

export interface OutcomesOptions {
  readonly connections: Connections;
  readonly tally: Tally;
  readonly watchesSockets: boolean;
  readonly otherNamespaces: boolean;
  readonly followsPackets: boolean;
}

/** The socket that was refused says so within microseconds; this is for a record that was lost. */
export const REFUSAL_NS = 100e6;
/** The socket behind a forwarded connection opens at the SYN+ACK, or at the ACK a round trip later. */
export const FORWARDED_NS = 1e9;

/**
 * What became of a connection, by a record that its row has taken in already: each verb tells it, or waits for who
 * knows better. They return false where it was known.
 */
export class Outcomes {
  readonly #connections: Connections;
  readonly #table: ConnectionTable;
  readonly #tally: Tally;
  readonly #watchesSockets: boolean;
  readonly #otherNamespaces: boolean;
  readonly #followsPackets: boolean;

  constructor(options: OutcomesOptions) {
    this.#connections = options.connections;
    this.#table = options.connections.table;
    this.#tally = options.tally;
    this.#watchesSockets = options.watchesSockets;
    this.#otherNamespaces = options.otherNamespaces;
    this.#followsPackets = options.followsPackets;
  }

  /** The handshake was completed. */
  open(row: number, tsNs: number): boolean {
    const marks = this.#connections.marks(row);
    if ((marks & Mark.opened) !== 0) return false;
    if ((marks & SOCKETS) === 0 && this.#otherNamespaces) {
      if (this.#isForwarded(row)) return false;
      this.#connections.wait(row, List.forwarded, tsNs + FORWARDED_NS);
      return true;
    }
    this.#tellOpen(row, tsNs);
    if ((marks & SOCKETS) !== 0 || this.#followsPackets) this.#table.move(row, List.open);
    else this.#letGo(row, tsNs);
    return true;
  }

  /** A forwarded connection of which no socket told: it opened all the same. */
  openedElsewhere(row: number, tsNs: number): void {
    this.#tellOpen(row, tsNs);
    this.#letGo(row, tsNs);
  }

  /** An RST or ICMP unreachable answered it. */
  refused(row: number, tsNs: number): boolean {
    const marks = this.#connections.marks(row);
    if ((marks & (Mark.opened | Mark.refused)) !== 0) return false;
    const direction = this.#connections.direction(row);
    this.#connections.mark(row, Mark.refused);
    const own =
      (marks & Mark.origSocket) !== 0 ||
      direction === Direction.OUTBOUND ||
      direction === Direction.LOCAL ||
      (this.#otherNamespaces && direction === Direction.FORWARDED);
    if (own && this.#watchesSockets) this.#connections.wait(row, List.refusal, tsNs + REFUSAL_NS);
    else this.#connections.end(row, Ending.refused, tsNs);
    return true;
  }

  /** The socket of one end is gone, which left the state and error that the record has. */
  close(
    row: number,
    words: Uint32Array,
    bytes: Uint8Array,
    at: number,
    tsNs: number,
    passive: boolean,
  ): boolean {
    const table = this.#table;
    const base = row * Row.stride;
    const error = bytes[at + SocketPart.error]! | (bytes[at + SocketPart.error + 1]! << 8);
    const state = bytes[at + SocketPart.state]!;
    if (this.#isForwarded(row)) this.#tellOpen(row, this.#connections.deadline(row) - FORWARDED_NS);
    takeCounters(table, row, words, at, passive);
    this.#connections.mark(row, passive ? Mark.respClosed : Mark.origClosed);
    const ending = endingOf(passive, state, error);
    // Of a local connection's two ends the first that tells more than a normal close decides.
    const verdict = table.halves[(base + Row.verdict) >> 1]!;
    if (verdict === 0 || eventOf(verdict) === EventCode.close) {
      table.halves[(base + Row.verdict) >> 1] = ending;
      table.halves[(base + Row.error) >> 1] = error;
    }
    const marks = this.#connections.marks(row);
    const otherOpen = passive
      ? (marks & (Mark.origSocket | Mark.origClosed)) === Mark.origSocket
      : (marks & (Mark.respSocket | Mark.respClosed)) === Mark.respSocket;
    if (otherOpen) return false;
    if ((marks & Mark.opened) === 0 && wasOpen(state)) this.#tally.unopened++;
    this.#connections.end(row, table.halves[(base + Row.verdict) >> 1]!, tsNs);
    return true;
  }

  /** Its socket was there before the program; in this state. */
  existing(row: number, state: number): boolean {
    if ((this.#connections.marks(row) & Mark.opened) !== 0) return false;
    if (state === TcpState.SYN_SENT) return true;
    this.#connections.mark(row, Mark.opened);
    this.#table.move(row, List.open);
    return true;
  }

  #tellOpen(row: number, tsNs: number): void {
    this.#connections.mark(row, Mark.opened);
    this.#connections.tell(row, EventCode.open, tsNs);
  }

  #letGo(row: number, tsNs: number): void {
    this.#tally.forwarded++;
    this.#connections.forget(row, Seen.ended, tsNs);
  }

  #isForwarded(row: number): boolean {
    return this.#table.bytes[row * Row.stride + Row.list] === List.forwarded;
  }
}

const SOCKETS = Mark.origSocket | Mark.respSocket;

/** Is it a state that only an established connection comes to? */
function wasOpen(state: number): boolean {
  return (
    state !== TcpState.SYN_SENT && state !== TcpState.SYN_RECV && state !== TcpState.NEW_SYN_RECV
  );
}
