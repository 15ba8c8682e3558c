/** When an end's close counts, and when all of a connection is over. */
import { Phase, phaseOf } from './phase.ts';
import type { Arrival } from './arrival.ts';
import type { Payload } from './payload.ts';
import { End, EndMark, Mark } from './row.ts';
import type { TrackTable } from './table.ts';

export class Closing {
  readonly #table: TrackTable;
  readonly #payload: Payload;

  constructor(table: TrackTable, payload: Payload) {
    this.#table = table;
    this.#payload = payload;
  }

  /** Looks whether all payload of an end that closes is there by now. True: the connection is over. */
  check(segment: Arrival, end: number, other: number): boolean {
    const { words } = this.#table;
    const marks = words[end + End.marks]!;
    if ((marks & EndMark.eof) !== 0) return false;
    const phase = phaseOf(this.#table, end);
    const ends = (marks & EndMark.fin) !== 0 || phase === Phase.closed || phase === Phase.reset;
    if (!ends || this.#payload.isPending(end, other)) return false;
    words[end + End.marks] = marks | EndMark.eof;
    return this.#isDeferred(segment.row) && this.#close(segment.row, end, other);
  }

  /** The sender of the segment closes. True: the connection is over. */
  take(segment: Arrival): boolean {
    return this.#close(segment.row, segment.from, segment.to);
  }

  #close(row: number, end: number, other: number): boolean {
    const { words } = this.#table;
    if (this.#payload.isPending(end, other)) {
      this.#table.mark(row, Mark.deferred);
      return false;
    }
    this.#table.unmark(row, Mark.deferred);
    if ((words[end + End.marks]! & EndMark.closed) !== 0) return false;
    words[end + End.marks]! |= EndMark.closed;
    return (
      phaseOf(this.#table, end) === Phase.reset ||
      (words[other + End.marks]! & EndMark.closed) !== 0 ||
      phaseOf(this.#table, other) === Phase.inactive
    );
  }

  #isDeferred(row: number): boolean {
    return (this.#table.marks(row) & Mark.deferred) !== 0;
  }
}
