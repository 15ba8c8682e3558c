import { ConnState, type ConnectionEvent, EventCode } from '../model/events.ts';
import { Direction, Head } from '../wire/layout.gen.ts';
import { takeHead } from './absorb.ts';
import type { Tally } from './counts.ts';
import { connStateOf, Ending, eventOf, outcomeOf } from './ending.ts';
import type { FlowListener } from './listener.ts';
import { List, Mark, Row } from './row.ts';
import { Seen, SeenIds } from './seen.ts';
import { ConnectionTable } from './table.ts';
import { u64 } from '../wire/words.ts';

export interface ConnectionsOptions {
  readonly maxConnections: number;
  readonly seed: number;
  readonly listener: Pick<FlowListener, 'connection'>;
  readonly tally: Tally;
}

/** The life of a row: made, told about, waiting, ended, forgotten or evicted; each step counted. */
export class Connections {
  readonly table: ConnectionTable;
  readonly #listener: Pick<FlowListener, 'connection'>;
  readonly #tally: Tally;
  readonly #seen: SeenIds = new SeenIds();
  readonly #maxUnanswered: number;

  constructor(options: ConnectionsOptions) {
    this.table = new ConnectionTable(options.maxConnections, options.seed);
    this.#listener = options.listener;
    this.#tally = options.tally;
    this.#maxUnanswered = Math.ceil(options.maxConnections / 2);
  }

  /** What is remembered of an id that has no row (Seen). */
  seen(idLo: number, idHi: number, nowNs: number): number {
    return this.#seen.state(idLo, idHi, nowNs);
  }

  /** A row for the record at byte offset `at`, whose id has none yet. It waits for its socket until told otherwise. */
  add(words: Uint32Array, bytes: Uint8Array, at: number, startNs: number): number {
    const idLo = words[(at + Head.id) >> 2]!;
    const idHi = words[(at + Head.id + 4) >> 2]!;
    let row = this.table.add(idLo, idHi, List.connecting);
    if (row < 0) {
      this.#makeRoom(u64(words, at >> 2));
      row = this.table.add(idLo, idHi, List.connecting);
    }
    takeHead(this.table, row, words, bytes, at);
    this.table.numbers[(row * Row.stride + Row.start_ns) >> 3] = startNs;
    return row;
  }

  tell(row: number, event: ConnectionEvent, tsNs: number): void {
    this.table.numbers[(row * Row.stride + Row.event_ns) >> 3] = tsNs;
    this.#tally.events[event]!++;
    if (event === EventCode.attempt) {
      const bytes = this.table.bytes;
      const ipv6 = bytes[row * Row.stride + Row.family] === IPV6 ? 1 : 0;
      this.#tally.attempts[2 * bytes[row * Row.stride + Row.direction]! + ipv6]!++;
    }
    this.#listener.connection(event, this.table, row);
  }

  /** Tells a connection's end and forgets it. */
  end(row: number, ending: number, tsNs: number): void {
    const base = row * Row.stride;
    this.table.bytes[base + Row.outcome] = outcomeOf(ending);
    this.table.bytes[base + Row.conn_state] = connStateOf(ending);
    const event = eventOf(ending) as ConnectionEvent;
    this.#tellEnd(row, event, tsNs);
    const marks = this.marks(row);
    const oneEndOfTwo = this.direction(row) === Direction.LOCAL && (marks & CLOSED) !== CLOSED;
    const isClosed = event === EventCode.close || event === EventCode.reset;
    const complete = isClosed && (marks & Mark.sighted) !== 0 && !oneEndOfTwo;
    const after = connStateOf(ending) === ConnState.S0 ? Seen.unanswered : Seen.ended;
    this.forget(row, complete ? Seen.no : after, tsNs);
  }

  /** Tells the end of a connection whose row says how it ended already. The same SYN may come again. */
  endAs(row: number, event: ConnectionEvent, tsNs: number): void {
    this.#tellEnd(row, event, tsNs);
    this.forget(row, Seen.ended, tsNs);
  }

  #tellEnd(row: number, event: ConnectionEvent, tsNs: number): void {
    this.#tally.outcomes[this.table.bytes[row * Row.stride + Row.outcome]!]!++;
    this.tell(row, event, tsNs);
  }

  /** @param seen what to remember of it (Seen) */
  forget(row: number, seen: number, nowNs: number): void {
    const id = (row * Row.stride + Row.id) >> 2;
    const words = this.table.words;
    if (seen !== Seen.no) this.#seen.remember(words[id]!, words[id + 1]!, seen, nowNs);
    this.table.remove(row);
  }

  /** Puts a row into one of the lists with a deadline. All rows of a list wait equally long, so the oldest is due first. */
  wait(row: number, list: number, deadlineNs: number): void {
    const table = this.table;
    table.numbers[(row * Row.stride + Row.deadline_ns) >> 3] = deadlineNs;
    table.move(row, list);
    const answer = table.length(List.answer);
    const handshake = table.length(List.handshake);
    // A flood of unanswered SYNs may fill half of the table.
    if (answer + handshake > this.#maxUnanswered) {
      this.#evict(table.oldest(answer > handshake ? List.answer : List.handshake), deadlineNs);
    }
  }

  /** The oldest row of a list whose deadline is over, -1 if there is none. */
  due(list: number, nowNs: number): number {
    const row = this.table.oldest(list);
    return row >= 0 && this.deadline(row) <= nowNs ? row : -1;
  }

  deadline(row: number): number {
    return this.table.numbers[(row * Row.stride + Row.deadline_ns) >> 3]!;
  }

  marks(row: number): number {
    return this.table.halves[(row * Row.stride + Row.marks) >> 1]!;
  }

  mark(row: number, marks: number): void {
    this.table.halves[(row * Row.stride + Row.marks) >> 1]! |= marks;
  }

  direction(row: number): number {
    return this.table.bytes[row * Row.stride + Row.direction]!;
  }

  /** Lets one row go: unanswered attempts of others first, open connections last. */
  #makeRoom(nowNs: number): void {
    for (let list = 0; list < List.count; list++) {
      const row = this.table.oldest(list);
      if (row < 0) continue;
      this.#evict(row, nowNs);
      return;
    }
  }

  #evict(row: number, nowNs: number): void {
    if (this.#endAsDecided(row, nowNs)) return;
    this.#tally.evicted++;
    this.forget(row, Seen.attempt, nowNs);
  }

  /** The socket of a row is gone, and nothing will say how it ended. */
  gone(row: number, nowNs: number): void {
    if (this.#endAsDecided(row, nowNs)) return;
    this.#tally.unclosed++;
    this.forget(row, Seen.ended, nowNs);
  }

  /** Ends a row of which one end's record said how; false: none did. */
  #endAsDecided(row: number, nowNs: number): boolean {
    const verdict = this.table.halves[(row * Row.stride + Row.verdict) >> 1]!;
    const refused = (this.marks(row) & Mark.refused) !== 0;
    if (verdict === 0 && !refused) return false;
    this.end(row, verdict === 0 ? Ending.refused : verdict, nowNs);
    return true;
  }
}

const IPV6 = 6;
const CLOSED = Mark.origClosed | Mark.respClosed;
