/** Which of an end's payload was captured, and what was acknowledged all the same. */
import type { Arrival } from './arrival.ts';
import { Letter, tellLimit, tellScaled } from './history.ts';
import { Phase, phaseBefore, phaseOf } from './phase.ts';
import type { Ranges } from './ranges.ts';
import { End, EndMark, Mark } from './row.ts';
import { isNothingAcked, relativeAck } from './sent.ts';
import { ahead, later } from './sequence.ts';
import type { TrackTable } from './table.ts';

/** So much beyond a hole of an end of which nothing was ever acknowledged: the other direction isn't captured. */
const MOST_UNASKED = 16_384;
/** So much that is not acknowledged: its acknowledgements aren't captured. */
export const MOST_UNACKED: number = 10 * 1024 * 1024;

/** Follows the payload of all ends. */
export class Payload {
  readonly #table: TrackTable;
  readonly #ranges: Ranges;

  constructor(table: TrackTable, ranges: Ranges) {
    this.#table = table;
    this.#ranges = ranges;
  }

  /** Takes captured payload from `seq` on. */
  take(segment: Arrival, seq: number): void {
    const { words } = this.#table;
    const { from, length } = segment;
    if ((words[from + End.marks]! & EndMark.unfollowed) !== 0) return;
    const end = (seq + length) >>> 0;
    const begin = later(later(seq, words[from + End.acked]!), words[from + End.trimmed]!);
    if (ahead(end, begin) <= 0) return;
    words[from + End.data_end] = later(words[from + End.data_end]!, end);
    if (ahead(begin, words[from + End.edge]!) <= 0) {
      words[from + End.edge] = later(words[from + End.edge]!, end);
      this.#join(from);
    } else {
      const list = this.#ranges.add(words[from + End.ranges]!, begin, end);
      if (list < 0) {
        tellLimit(this.#table, segment.base, from);
        this.#giveUp(from);
        return;
      }
      words[from + End.ranges] = list;
    }
    const held = ahead(words[from + End.data_end]!, words[from + End.edge]!);
    const unacked = ahead(words[from + End.data_end]!, words[from + End.trimmed]!);
    if ((held > MOST_UNASKED && isNothingAcked(this.#table, from)) || unacked > MOST_UNACKED)
      this.#giveUp(from);
  }

  /** Were all these bytes captured before? */
  has(end: number, begin: number, after: number): boolean {
    const { words } = this.#table;
    const edge = words[end + End.edge]!;
    if (ahead(after, edge) <= 0) return true;
    return this.#ranges.has(words[end + End.ranges]!, later(begin, edge), after);
  }

  /** Takes the segment's acknowledgement: what it covers and wasn't captured is missed. */
  acknowledge(segment: Arrival): void {
    const { words } = this.#table;
    const { to } = segment;
    let ack = segment.ack;
    if (relativeAck(this.#table, to, ack) <= 0) return;
    const fin = words[to + End.fin]!;
    if ((words[to + End.marks]! & EndMark.fin) !== 0 && ahead(ack, fin) >= 0) ack = (fin - 1) >>> 0;
    if (ahead(ack, words[to + End.trimmed]!) <= 0) return;
    if (ahead(ack, words[to + End.edge]!) > 0) this.#miss(segment, ack);
    words[to + End.trimmed] = ack;
    this.#join(to);
  }

  /** Is payload missing before the end's close, or not yet acknowledged of the other's? */
  isPending(end: number, other: number): boolean {
    const { words } = this.#table;
    if ((words[end + End.marks]! & EndMark.unfollowed) !== 0) return false;
    const missing = ahead(words[end + End.last]!, words[end + End.edge]!);
    if (missing < 0) return false;
    if (missing > 1) return true; // its FIN is one
    return (
      phaseOf(this.#table, end) !== Phase.reset &&
      ahead(words[other + End.data_end]!, words[other + End.trimmed]!) > 0
    );
  }

  /** Frees what is kept of an end. */
  drop(end: number): void {
    this.#ranges.drop(this.#table.words[end + End.ranges]!);
    this.#table.words[end + End.ranges] = 0;
  }

  /** Gives up what is missing before `ack`. */
  #miss(segment: Arrival, ack: number): void {
    const { words } = this.#table;
    const { to } = segment;
    // the begin of such a connection was made up
    const isMadeUp = (this.#table.marks(segment.row) & Mark.partial) !== 0;
    if (isMadeUp && relativeAck(this.#table, to, ack) <= 2) return;
    const isFollowed = (words[to + End.marks]! & EndMark.unfollowed) === 0;
    let list = words[to + End.ranges]!;
    while (list !== 0 && ahead(this.#ranges.begin(list), ack) < 0) {
      if (isFollowed) this.#gap(segment, this.#ranges.begin(list));
      words[to + End.edge] = later(words[to + End.edge]!, this.#ranges.end(list));
      list = this.#ranges.shift(list);
    }
    words[to + End.ranges] = list;
    if (ahead(ack, words[to + End.edge]!) <= 0) return;
    if (isFollowed) this.#gap(segment, ack);
    words[to + End.edge] = ack;
  }

  /** Resets and connections without a begin make gaps that aren't there. */
  #gap({ base, to, from }: Arrival, end: number): void {
    if (!isClean(this.#table, to) || !isClean(this.#table, from)) return;
    const { words, numbers } = this.#table;
    numbers[(to + End.missed) >> 1]! += ahead(end, words[to + End.edge]!);
    tellScaled(this.#table, base, to, End.gaps, Letter.gap);
  }

  /** Moves the edge over parts that it reaches. */
  #join(end: number): void {
    const { words } = this.#table;
    let list = words[end + End.ranges]!;
    if (list === 0) return;
    while (list !== 0 && ahead(words[end + End.edge]!, this.#ranges.begin(list)) >= 0) {
      words[end + End.edge] = later(words[end + End.edge]!, this.#ranges.end(list));
      list = this.#ranges.shift(list);
    }
    words[end + End.ranges] = list;
  }

  #giveUp(end: number): void {
    const { words } = this.#table;
    words[end + End.marks]! |= EndMark.unfollowed;
    words[end + End.data_end] = words[end + End.trimmed]!;
    this.drop(end);
  }
}

function isClean(table: TrackTable, end: number): boolean {
  const phase = phaseOf(table, end);
  return (
    phase === Phase.established ||
    (phase === Phase.closed && phaseBefore(table, end) === Phase.established)
  );
}
