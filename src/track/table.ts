import { KEY_PORTS, type PacketKey } from './key.ts';
import { End, Kind, Row } from './row.ts';

/**
 * The connections that are followed, one row each (Row), found by the key of a packet of either direction.
 * The memory for `maxRows` is reserved at once but not touched: the kernel gives pages as rows are first used, and rows
 * that were freed are used again first. To grow it by copying would take half as much again in between.
 */
export class TrackTable {
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
  readonly maxRows: number;
  size = 0;
  /** Of the row that `find` found: the packet comes from the responder. */
  reversed = false;
  #heads: Uint32Array;
  #mask: number;
  #used = 0;
  #free = NONE;

  constructor(maxRows: number) {
    const memory = new ArrayBuffer(maxRows * Row.size * 4);
    this.words = new Uint32Array(memory);
    this.numbers = new Float64Array(memory);
    this.bytes = new Uint8Array(memory);
    this.maxRows = maxRows;
    this.#heads = new Uint32Array(FIRST_HEADS).fill(NONE);
    this.#mask = FIRST_HEADS - 1;
  }

  /** Rows that were ever in use: all are below this number. */
  get used(): number {
    return this.#used;
  }

  /** The row of a packet, -1 if there is none; `reversed` says in which direction it goes. */
  find(key: PacketKey): number {
    const { words } = this;
    const { hash } = key;
    for (
      let row = this.#heads[hash & this.#mask]!;
      row !== NONE;
      row = words[row * SIZE + CHAIN]!
    ) {
      const base = row * SIZE;
      if (words[base + HASH] !== hash || (words[base + KIND]! & 0xffff) !== key.kind) continue;
      if (this.#isForth(base, key.words)) {
        this.reversed = false;
        return row;
      }
      if (!key.oneWay && this.#isBack(base, key.words)) {
        this.reversed = true;
        return row;
      }
    }
    return -1;
  }

  /** A cleared row of which the packet's source is the originator; the table must not be full. */
  add(key: PacketKey): number {
    let row = this.#free;
    if (row !== NONE) this.#free = this.words[row * SIZE + CHAIN]!;
    else {
      row = this.#used++;
      if (this.#used > this.#mask + 1) this.#grow();
    }
    const { words } = this;
    const base = row * SIZE;
    words.fill(0, base, base + SIZE);
    for (let i = 0; i <= KEY_PORTS; i++) words[base + Row.src + i] = key.words[i]!;
    words[base + KIND] = key.kind;
    words[base + HASH] = key.hash;
    this.#link(row);
    this.size++;
    return row;
  }

  remove(row: number): void {
    const { words } = this;
    const base = row * SIZE;
    const place = words[base + HASH]! & this.#mask;
    const next = words[base + CHAIN]!;
    let at = this.#heads[place]!;
    if (at === row) this.#heads[place] = next;
    else {
      while (words[at * SIZE + CHAIN] !== row) at = words[at * SIZE + CHAIN]!;
      words[at * SIZE + CHAIN] = next;
    }
    words[base + CHAIN] = this.#free;
    this.#free = row;
    this.size--;
  }

  /** Makes the originator the responder. */
  flip(row: number): void {
    const { words } = this;
    const base = row * SIZE;
    for (let i = 0; i < 4; i++) swap(words, base + Row.src + i, base + Row.dst + i);
    for (let i = 0; i < End.hot; i++) swap(words, base + Row.orig + i, base + Row.resp + i);
    for (let i = End.cold; i < End.end; i++) swap(words, base + Row.orig + i, base + Row.resp + i);
    const ports = words[base + Row.ports]!;
    words[base + Row.ports] = (ports >>> 16) | (ports << 16);
  }

  marks(row: number): number {
    return this.words[row * SIZE + KIND]! >>> 16;
  }

  /** Adds marks (Mark). */
  mark(row: number, marks: number): void {
    this.words[row * SIZE + KIND]! |= marks << 16;
  }

  /** Takes marks away. */
  unmark(row: number, marks: number): void {
    this.words[row * SIZE + KIND]! &= ~(marks << 16);
  }

  proto(row: number): number {
    return this.bytes[row * SIZE * 4 + KIND * 4 + Kind.proto]!;
  }

  #isForth(base: number, key: Uint32Array): boolean {
    const { words } = this;
    for (let i = KEY_PORTS; i >= 0; i--) if (words[base + Row.src + i] !== key[i]) return false;
    return true;
  }

  #isBack(base: number, key: Uint32Array): boolean {
    const { words } = this;
    const ports = key[KEY_PORTS]!;
    if (words[base + Row.ports] !== ((ports >>> 16) | (ports << 16)) >>> 0) return false;
    for (let i = 3; i >= 0; i--)
      if (words[base + Row.src + i] !== key[4 + i] || words[base + Row.dst + i] !== key[i])
        return false;
    return true;
  }

  #link(row: number): void {
    const { words } = this;
    const place = words[row * SIZE + HASH]! & this.#mask;
    words[row * SIZE + CHAIN] = this.#heads[place]!;
    this.#heads[place] = row;
  }

  #grow(): void {
    this.#mask = this.#mask * 2 + 1;
    this.#heads = new Uint32Array(this.#mask + 1).fill(NONE);
    // all rows but the newest are in use
    for (let row = 0; row < this.#used - 1; row++) this.#link(row);
  }
}

/** No row. */
export const NONE = 0xffff_ffff;
const FIRST_HEADS = 4096;
const SIZE = Row.size;
const HASH = Row.hash;
const CHAIN = Row.chain;
const KIND = Row.kind;

function swap(words: Uint32Array, a: number, b: number): void {
  const word = words[a]!;
  words[a] = words[b]!;
  words[b] = word;
}
