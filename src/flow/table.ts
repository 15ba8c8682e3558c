import type { Metadata } from '../model/metadata.ts';
import { HashIndex } from './hash-index.ts';
import { List, Row } from './row.ts';

/** An ENDED record (PacketsPart), where it lies. */
export interface EndedRecord {
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  /** Byte offset. */
  readonly at: number;
}

/** Rows of connections (Row) as they lie in memory, and what is known besides of the one that is being told. */
export interface Rows {
  readonly words: Uint32Array;
  readonly halves: Uint16Array;
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
  /** Of the connection whose end is being told, while it is; undefined: its packets were not all seen. */
  readonly ended: EndedRecord | undefined;
  /** What that connection said of itself, if anything was understood. */
  readonly metadata: Metadata | undefined;
}

/**
 * The connections that are going on, one fixed-size row each (Row), found by their 64-bit id.
 *
 * The memory for `maxConnections` rows is reserved at once but not touched: the kernel gives pages as rows are first
 * used, and freed rows are used again first, so resident memory follows the number of live connections. The views
 * never change, so they may be kept.
 */
export class ConnectionTable implements Rows {
  readonly words: Uint32Array;
  readonly halves: Uint16Array;
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
  readonly capacity: number;
  ended: EndedRecord | undefined;
  metadata: Metadata | undefined;
  readonly #index: HashIndex;
  readonly #heads: Uint32Array = new Uint32Array(List.count).fill(NONE);
  readonly #tails: Uint32Array = new Uint32Array(List.count).fill(NONE);
  readonly #lengths: Uint32Array = new Uint32Array(List.count);
  #free = NONE;
  #used = 0;

  /** @param seed 32 random bits (HashIndex) */
  constructor(maxConnections: number, seed: number) {
    const memory = new ArrayBuffer(maxConnections * Row.stride);
    this.words = new Uint32Array(memory);
    this.halves = new Uint16Array(memory);
    this.numbers = new Float64Array(memory);
    this.bytes = new Uint8Array(memory);
    this.capacity = maxConnections;
    this.#index = new HashIndex(seed);
  }

  get size(): number {
    return this.#index.size;
  }

  /** The row of an id, -1 if there is none. */
  find(idLo: number, idHi: number): number {
    return this.#index.find(idLo, idHi);
  }

  /** A cleared row for an id that is not there yet, at the end of a list; -1 when the table is full. */
  add(idLo: number, idHi: number, list: number): number {
    let row = this.#free;
    if (row !== NONE) this.#free = this.words[row * STRIDE_WORDS + NEXT]!;
    else if (this.#used < this.capacity) row = this.#used++;
    else return -1;
    const base = row * STRIDE_WORDS;
    this.words.fill(0, base, base + STRIDE_WORDS);
    this.words[base + ID] = idLo;
    this.words[base + ID + 1] = idHi;
    this.#index.add(idLo, idHi, row);
    this.#append(row, list);
    return row;
  }

  remove(row: number): void {
    const base = row * STRIDE_WORDS;
    this.#index.remove(this.words[base + ID]!, this.words[base + ID + 1]!);
    this.#unlink(row);
    this.words[base + NEXT] = this.#free;
    this.#free = row;
  }

  /** Moves a row to the end of a list. */
  move(row: number, list: number): void {
    this.#unlink(row);
    this.#append(row, list);
  }

  /** The row that has been in a list longest, -1 when the list is empty. */
  oldest(list: number): number {
    const row = this.#heads[list]!;
    return row === NONE ? -1 : row;
  }

  /** The row that came into the same list after this one, -1 if it is the last. */
  next(row: number): number {
    const next = this.words[row * STRIDE_WORDS + NEXT]!;
    return next === NONE ? -1 : next;
  }

  /** How many rows are in a list. */
  length(list: number): number {
    return this.#lengths[list]!;
  }

  #append(row: number, list: number): void {
    const words = this.words;
    const base = row * STRIDE_WORDS;
    const tail = this.#tails[list]!;
    words[base + PREV] = tail;
    words[base + NEXT] = NONE;
    if (tail === NONE) this.#heads[list] = row;
    else words[tail * STRIDE_WORDS + NEXT] = row;
    this.#tails[list] = row;
    this.#lengths[list]!++;
    this.bytes[row * Row.stride + Row.list] = list;
  }

  #unlink(row: number): void {
    const words = this.words;
    const base = row * STRIDE_WORDS;
    const list = this.bytes[row * Row.stride + Row.list]!;
    const next = words[base + NEXT]!;
    const prev = words[base + PREV]!;
    this.#lengths[list]!--;
    if (prev === NONE) this.#heads[list] = next;
    else words[prev * STRIDE_WORDS + NEXT] = next;
    if (next === NONE) this.#tails[list] = prev;
    else words[next * STRIDE_WORDS + PREV] = prev;
  }
}

const NONE = 0xffffffff;
const STRIDE_WORDS = Row.stride / 4;
const ID = Row.id / 4;
const NEXT = Row.next / 4;
const PREV = Row.prev / 4;
