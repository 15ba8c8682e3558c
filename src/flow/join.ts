import { type ConnectionEvent, EventCode } from '../model/events.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { Direction, Flag, Head, Kind, PacketsPart, SocketPart } from '../wire/layout.gen.ts';
import { hasPackets, takePackets, takeSocket } from './absorb.ts';
import type { Connections } from './connections.ts';
import type { Tally } from './counts.ts';
import { TcpState } from '../model/tcp-state.ts';
import { Orienter } from './orient.ts';
import { Outcomes, type OutcomesOptions } from './outcomes.ts';
import { List, Mark, Row } from './row.ts';
import { Seen } from './seen.ts';
import { isSwept } from './sweep.ts';
import type { ConnectionTable } from './table.ts';
import { u64 } from '../wire/words.ts';

export interface JoinOptions extends OutcomesOptions {
  readonly watchesAnswers: boolean;
}

/** An attempt of others without an answer for so long is dropped (or lost on the way, when forwarded). */
export const ANSWER_NS = 3e9;
/** The same SYN again sooner is another sighting; retransmissions start at 1 s, with a known path at 200 ms. */
const RETRANSMIT_NS = 200e6;

/** Joins the records of a connection: each either leads to an event, or adds to what is known, or comes too late. */
export class Join {
  readonly outcomes: Outcomes;
  readonly #connections: Connections;
  readonly #table: ConnectionTable;
  readonly #tally: Tally;
  readonly #watchesAnswers: boolean;
  readonly #watchesSockets: boolean;
  readonly #orienter: Orienter;

  constructor(options: JoinOptions) {
    this.#connections = options.connections;
    this.#table = options.connections.table;
    this.#tally = options.tally;
    this.#watchesAnswers = options.watchesAnswers;
    this.#watchesSockets = options.watchesSockets;
    this.outcomes = new Outcomes(options);
    this.#orienter = new Orienter(this.#table);
  }

  /** An ATTEMPT record. */
  attempt(words: Uint32Array, bytes: Uint8Array, at: number, tsNs: number): void {
    const w = at >> 2;
    const idLo = words[w + ID]!;
    const idHi = words[w + ID + 1]!;
    let row = this.#table.find(idLo, idHi);
    if (row >= 0) {
      this.#sightedAgain(row, words, bytes, at, tsNs);
      this.#tally.merged[Kind.ATTEMPT]!++;
      return;
    }
    if (this.#connections.seen(idLo, idHi, tsNs) !== Seen.no) {
      this.#tally.merged[Kind.ATTEMPT]!++;
      return;
    }
    this.#tally.applied[Kind.ATTEMPT]!++;
    const atSocket = (bytes[at + Head.flags]! & Flag.WHOLE) !== 0;
    row = this.#connections.add(words, bytes, at, tsNs);
    this.#connections.mark(row, atSocket ? Mark.sighted | Mark.firstAtSocket : Mark.sighted);
    if (atSocket) takeSocket(this.#table, row, words, bytes, at, false);
    this.#connections.tell(row, EventCode.attempt, tsNs);
    if (atSocket || !this.#watchesAnswers) return;
    const endsBySocket =
      this.#watchesSockets && this.#connections.direction(row) === Direction.OUTBOUND;
    if (!endsBySocket) this.#connections.wait(row, List.answer, tsNs + ANSWER_NS);
  }

  /** The same SYN again: another interface, the other direction, or retransmitted. */
  #sightedAgain(
    row: number,
    words: Uint32Array,
    bytes: Uint8Array,
    at: number,
    tsNs: number,
  ): void {
    const table = this.#table;
    const base = row * Row.stride;
    const marks = this.#connections.marks(row);
    const atSocket = (bytes[at + Head.flags]! & Flag.WHOLE) !== 0;
    const ifindex = words[(at + Head.ifindex) >> 2]!;
    const known = (base + Row.ifindex) >> 2;
    if ((marks & Mark.sighted) === 0) {
      this.#connections.mark(row, atSocket ? Mark.sighted | Mark.firstAtSocket : Mark.sighted);
    } else if (
      ifindex === table.words[known] &&
      atSocket === ((marks & Mark.firstAtSocket) !== 0) &&
      (marks & Mark.origSocket) === 0 && // an own socket counts its retransmissions itself
      tsNs - table.numbers[(base + Row.start_ns) >> 3]! > RETRANSMIT_NS
    ) {
      table.words[(base + Row.retransmits) >> 2]!++;
    }
    if (table.words[known] === 0) table.words[known] = ifindex;
    const now = bytes[at + Head.direction]!;
    const before = table.bytes[base + Row.direction]!;
    const bothWays = now + before === Direction.INBOUND + Direction.OUTBOUND && now !== before;
    if (bothWays) table.bytes[base + Row.direction] = Direction.LOCAL;
    else if (before === Direction.UNKNOWN || (atSocket && before === Direction.FORWARDED)) {
      table.bytes[base + Row.direction] = now;
    }
    if (!atSocket) return;
    takeSocket(table, row, words, bytes, at, false);
    if (table.bytes[base + Row.list] === List.answer) table.move(row, List.connecting);
  }

  /** An EXISTING record of the sockets that there are: the row of its connection is alive at `nowNs` (sweep). */
  alive(words: Uint32Array, bytes: Uint8Array, at: number, nowNs: number): void {
    if ((bytes[at + Head.flags]! & Flag.BEFORE) !== 0) {
      this.#orienter.orient(words, bytes, at);
      words = this.#orienter.words;
      at = 0;
    }
    const row = this.#table.find(words[(at >> 2) + ID]!, words[(at >> 2) + ID + 1]!);
    if (row >= 0 && isSwept(this.#table.bytes[row * Row.stride + Row.list]!))
      this.#table.numbers[(row * Row.stride + Row.deadline_ns) >> 3] = nowNs;
  }

  /** OPEN, REFUSED, CLOSE, EXISTING: finds the connection, or makes it, and goes on with the kind's own verb. */
  later(kind: number, words: Uint32Array, bytes: Uint8Array, at: number): void {
    const tally = this.#tally;
    const before = (bytes[at + Head.flags]! & Flag.BEFORE) !== 0;
    const whole = (bytes[at + Head.flags]! & Flag.WHOLE) !== 0;
    const state = whole ? bytes[at + SocketPart.state]! : 0;
    if (state === TcpState.LISTEN || (kind === Kind.EXISTING && !isFollowed(state))) {
      if (state === TcpState.LISTEN && kind === Kind.EXISTING)
        this.#orienter.listens(half(bytes, at + Head.src_port));
      tally.merged[kind]!++;
      return;
    }
    if (before) {
      this.#orienter.orient(words, bytes, at);
      words = this.#orienter.words;
      bytes = this.#orienter.bytes;
      at = 0;
    }
    const w = at >> 2;
    const tsNs = u64(words, w);
    const row = this.#findOrMake(kind, words, bytes, at, tsNs, before || kind === Kind.EXISTING);
    if (row < 0) {
      tally.late[kind]!++;
      return;
    }
    const passive = (bytes[at + Head.flags]! & Flag.PASSIVE) !== 0;
    if (whole) takeSocket(this.#table, row, words, bytes, at, passive);
    let told: boolean;
    if (kind === Kind.OPEN) told = this.outcomes.open(row, tsNs);
    else if (kind === Kind.REFUSED) told = this.outcomes.refused(row, tsNs);
    else if (kind === Kind.CLOSE) told = this.outcomes.close(row, words, bytes, at, tsNs, passive);
    else told = this.outcomes.existing(row, state);
    if (told) tally.applied[kind]!++;
    else tally.merged[kind]!++;
  }

  /** The row of a record that isn't an attempt; -1 if all was told of its connection already. */
  #findOrMake(
    kind: number,
    words: Uint32Array,
    bytes: Uint8Array,
    at: number,
    tsNs: number,
    silent: boolean,
  ): number {
    const idLo = words[(at >> 2) + ID]!;
    const idHi = words[(at >> 2) + ID + 1]!;
    const known = this.#table.find(idLo, idHi);
    if (known >= 0) return known;
    const seen = this.#connections.seen(idLo, idHi, tsNs);
    if (seen === Seen.ended || (seen === Seen.unanswered && kind !== Kind.OPEN)) return -1;
    if (seen === Seen.no && !this.#watchesSockets) return -1;
    const whole = (bytes[at + Head.flags]! & Flag.WHOLE) !== 0;
    const startNs = whole ? u64(words, (at + SocketPart.start_ns) >> 2) : 0;
    const row = this.#connections.add(words, bytes, at, startNs !== 0 || silent ? startNs : tsNs);
    // whoever told its attempt, an earlier run or this one before it let go, told its open as well
    if (kind === Kind.CLOSE) this.#connections.mark(row, Mark.opened);
    if (seen !== Seen.no) this.#tally.revived++;
    else if (silent) this.#tally.existing++;
    else {
      this.#tally.inferred++;
      if (whole)
        takeSocket(
          this.#table,
          row,
          words,
          bytes,
          at,
          (bytes[at + Head.flags]! & Flag.PASSIVE) !== 0,
        );
      this.#connections.tell(row, EventCode.attempt, startNs === 0 ? tsNs : startNs);
    }
    return row;
  }

  /** An ENDED record: all that a connection's packets showed. Nothing comes after it. */
  ended(batch: RecordBatch, at: number): void {
    const { words, bytes, attached } = batch;
    const w = at >> 2;
    const tsNs = u64(words, w);
    let row = this.#table.find(words[w + ID]!, words[w + ID + 1]!);
    if (row < 0) {
      this.#tally.unasked++;
      row = this.#connections.add(words, bytes, at, 0);
    }
    this.#tally.applied[Kind.ENDED]!++;
    takePackets(this.#table, row, words, bytes, at);
    this.#table.ended = hasPackets(batch, at) ? { words, bytes, at } : undefined;
    this.#table.metadata = attached?.[words[(at + PacketsPart.metadata) >> 2]! - 1];
    this.#connections.endAs(row, bytes[at + PacketsPart.event]! as ConnectionEvent, tsNs);
    this.#table.ended = undefined;
    this.#table.metadata = undefined;
  }
}

const ID = Head.id >> 2;

const half = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

/** Sockets of these states will send a CLOSE or OPEN record; TIME_WAIT and requests are no full sockets. */
function isFollowed(state: number): boolean {
  return (
    state !== TcpState.TIME_WAIT &&
    state !== TcpState.CLOSE &&
    state !== TcpState.NEW_SYN_RECV &&
    state !== TcpState.SYN_RECV
  );
}
