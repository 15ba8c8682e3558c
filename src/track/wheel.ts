import { Row } from './row.ts';
import { NONE, type TrackTable } from './table.ts';

/**
 * Which rows are to be looked at when: a list for each second, and one for unanswered attempts, which all wait equally
 * long. A row is in one list. Its time may be put off without telling the wheel; then it is looked at too early, and
 * placed again.
 */
export class Wheel {
  readonly #table: TrackTable;
  readonly #heads: Uint32Array = new Uint32Array(LISTS).fill(NONE);
  readonly #tails: Uint32Array = new Uint32Array(LISTS).fill(NONE);
  /** Attempts that wait. */
  waiting = 0;
  /** All lists up to this second were looked at. */
  #second = 0;
  /** No list before this second has a row. */
  #soonest = 0;

  constructor(table: TrackTable) {
    this.#table = table;
  }

  /** Looks at a row again once its `due_ns` is over. */
  place(row: number): void {
    const due = Math.floor(this.#table.numbers[(row * Row.size + Row.due_ns) >> 1]! / 1e9);
    const second = Math.min(Math.max(due, this.#second + 1), this.#second + SECONDS - 1);
    if (second < this.#soonest) this.#soonest = second;
    this.#append(row, second % SECONDS);
  }

  /** The same of an unanswered attempt. */
  await(row: number): void {
    this.#append(row, ATTEMPTS);
    this.waiting++;
  }

  remove(row: number): void {
    const { words } = this.#table;
    const base = row * Row.size;
    const list = words[base + Row.list]!;
    const next = words[base + Row.next]!;
    const prev = words[base + Row.prev]!;
    if (prev === NONE) this.#heads[list] = next;
    else words[prev * Row.size + Row.next] = next;
    if (next === NONE) this.#tails[list] = prev;
    else words[next * Row.size + Row.prev] = prev;
    if (list === ATTEMPTS) this.waiting--;
  }

  /** Sets the time: nothing is due before it. */
  start(nowNs: number): void {
    this.#second = Math.floor(nowNs / 1e9) - 1;
    this.#soonest = this.#second + 1;
  }

  /** A row that is to be looked at by now, which has left its list; -1: none is. */
  due(nowNs: number): number {
    const attempt = this.#heads[ATTEMPTS]!;
    if (attempt !== NONE && this.#table.numbers[(attempt * Row.size + Row.due_ns) >> 1]! <= nowNs) {
      this.remove(attempt);
      return attempt;
    }
    const now = Math.floor(nowNs / 1e9);
    if (now - this.#second > SECONDS) this.#second = now - SECONDS;
    for (; this.#second < now - 1; this.#second++) {
      const row = this.#heads[(this.#second + 1) % SECONDS]!;
      if (row === NONE) continue;
      this.remove(row);
      return row;
    }
    return -1;
  }

  isAwaited(row: number): boolean {
    return this.#table.words[row * Row.size + Row.list] === ATTEMPTS;
  }

  /** The attempt that has waited longest. */
  oldestAttempt(): number | undefined {
    const row = this.#heads[ATTEMPTS]!;
    return row === NONE ? undefined : row;
  }

  /** The first of the rows that are looked at next. */
  soonest(): number | undefined {
    for (
      let second = Math.max(this.#soonest, this.#second + 1);
      second <= this.#second + SECONDS;
      second++
    ) {
      const row = this.#heads[second % SECONDS]!;
      if (row === NONE) continue;
      this.#soonest = second;
      return row;
    }
    return undefined;
  }

  #append(row: number, list: number): void {
    const { words } = this.#table;
    const base = row * Row.size;
    const tail = this.#tails[list]!;
    words[base + Row.list] = list;
    words[base + Row.prev] = tail;
    words[base + Row.next] = NONE;
    if (tail === NONE) this.#heads[list] = row;
    else words[tail * Row.size + Row.next] = row;
    this.#tails[list] = row;
  }
}

/** More than the longest timeout. */
const SECONDS = 4096;
const ATTEMPTS = SECONDS;
const LISTS = SECONDS + 1;
