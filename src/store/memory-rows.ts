import { HashIndex } from '../flow/hash-index.ts';
import { Row } from '../flow/row.ts';
import type { Rows } from '../flow/table.ts';
import { type ConnectionEvent, EventCode } from '../model/events.ts';

/**
 * Connections that are remembered: 24 MiB. At 36 new ones a second that is an hour, and at 5,000 half a minute.
 */
export const MEMORY_ROWS = 131_072;

/**
 * What a remembered row holds in places that only flow's lists need: the last event, the clock's offset at it
 * (WallClock), and when the others were told, wall time in microseconds; 0: they were not.
 */
const Kept = {
  event: Row.list,
  offset_us: Row.next,
  attempt_us: Row.deadline_ns,
  open_us: Row.verdict,
} as const;

/**
 * Rows of connections as their last events left them, in the order in which they were first told of; the oldest is
 * overwritten. The memory is reserved at once and touched as it is used.
 */
export class MemoryRows implements Rows {
  readonly words: Uint32Array;
  readonly halves: Uint16Array;
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
  readonly ended = undefined;
  readonly metadata = undefined;
  /** The last event that was forgotten; all later ones are known. 0: none was. */
  forgottenNs = 0;
  readonly #capacity: number;
  readonly #index: HashIndex;
  #made = 0;

  /** @param seed 32 random bits (HashIndex) */
  constructor(capacity: number, seed: number) {
    const memory = new ArrayBuffer(capacity * Row.stride);
    this.words = new Uint32Array(memory);
    this.halves = new Uint16Array(memory);
    this.numbers = new Float64Array(memory);
    this.bytes = new Uint8Array(memory);
    this.#capacity = capacity;
    this.#index = new HashIndex(seed);
  }

  /** How many there are: rows 0 to this. */
  get size(): number {
    return Math.min(this.#made, this.#capacity);
  }

  /** The newest is the first. */
  row(age: number): number {
    return (this.#made - 1 - age) % this.#capacity;
  }

  /** Is this connection remembered? */
  has(idLo: number, idHi: number): boolean {
    return this.#index.find(idLo, idHi) >= 0;
  }

  /** @param offsetUs of the clock that the event is told by (WallClock): it moves by microseconds */
  take(event: ConnectionEvent, from: Rows, row: number, offsetUs: number): void {
    const source = (row * Row.stride) >> 2;
    const idLo = from.words[source + ID]!;
    const idHi = from.words[source + ID + 1]!;
    const known = this.#index.find(idLo, idHi);
    const goesOn = known >= 0 && this.event(known) <= EventCode.open;
    const at = goesOn ? known : this.#place(idLo, idHi, known >= 0);
    const number = (at * Row.stride) >> 3;
    let attemptUs = goesOn ? this.numbers[number + ATTEMPT]! : 0;
    let openUs = goesOn ? this.numbers[number + OPEN]! : 0;
    const target = (at * Row.stride) >> 2;
    for (let i = 0; i < WORDS; i++) this.words[target + i] = from.words[source + i]!;
    const us = Math.floor(this.numbers[number + EVENT]! / 1000 + offsetUs);
    if (event === EventCode.attempt) attemptUs = us;
    else if (event === EventCode.open) openUs = us;
    this.numbers[number + OFFSET] = offsetUs;
    this.numbers[number + ATTEMPT] = attemptUs;
    this.numbers[number + OPEN] = openUs;
    this.bytes[at * Row.stride + Kept.event] = event;
  }

  /** The last event that was told of a row. */
  event(row: number): ConnectionEvent {
    return this.bytes[row * Row.stride + Kept.event]! as ConnectionEvent;
  }

  /** The clock's offset at the last event: with it each event has the time that it was told with. */
  offsetUs(row: number): number {
    return this.numbers[((row * Row.stride) >> 3) + OFFSET]!;
  }

  /** When an event of a row was; 0: it was not told. */
  eventNs(row: number, event: ConnectionEvent): number {
    const number = (row * Row.stride) >> 3;
    if (event === this.event(row)) return this.numbers[number + EVENT]!;
    const us = this.numbers[number + (event === EventCode.attempt ? ATTEMPT : OPEN)]!;
    // half a microsecond more: it was rounded down, and will be again
    return us === 0 ? 0 : (us + 0.5 - this.numbers[number + OFFSET]!) * 1000;
  }

  #place(idLo: number, idHi: number, again: boolean): number {
    const at = this.#made++ % this.#capacity;
    if (this.#made > this.#capacity) this.#forget(at);
    if (again) this.#index.remove(idLo, idHi); // its end was told, and then it came back
    this.#index.add(idLo, idHi, at);
    return at;
  }

  #forget(row: number): void {
    const id = (row * Row.stride + Row.id) >> 2;
    const lo = this.words[id]!;
    const hi = this.words[id + 1]!;
    if (this.#index.find(lo, hi) === row) this.#index.remove(lo, hi);
    const eventNs = this.numbers[(row * Row.stride + Row.event_ns) >> 3]!;
    this.forgottenNs = Math.max(this.forgottenNs, eventNs);
  }
}

const WORDS = Row.stride / 4;
const ID = Row.id / 4;
const EVENT = Row.event_ns / 8;
const OFFSET = Kept.offset_us / 8;
const ATTEMPT = Kept.attempt_us / 8;
const OPEN = Kept.open_us / 8;
