import { KEY_PORTS, type PacketKey } from './key.ts';
import { RowIndex } from './row-index.ts';
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
  readonly #index: RowIndex = new RowIndex(FIRST_SLOTS);
  #used = 0;
  #free = NONE;

  constructor(maxRows: number) {
    const memory = new ArrayBuffer(maxRows * Row.size * 4);
    this.words = new Uint32Array(memory);
    this.numbers = new Float64Array(memory);
    this.bytes = new Uint8Array(memory);
    this.maxRows = maxRows;
  }

  /** The row of a packet, -1 if there is none; `reversed` says in which direction it goes. */
  find(key: PacketKey): number {
    const { words } = this;
    const { slots, mask } = this.#index;
    const { hash } = key;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const row = slots[2 * i + 1]! - 1;
      if (row < 0) return -1;
      if (slots[2 * i] !== hash) continue;
      const base = row * SIZE;
      if ((words[base + KIND]! & 0xffff) !== key.kind) continue;
      if (isForth(words, base, key)) {
        this.reversed = false;
        return row;
      }
      if (!key.oneWay && isBack(words, base, key)) {
        this.reversed = true;
        return row;
      }
    }
  }

  /** A cleared row of which the packet's source is the originator; the table must not be full. */
  add(key: PacketKey): number {
    let row = this.#free;
    if (row !== NONE) this.#free = this.words[row * SIZE + Row.next]!;
    else row = this.#used++;
    const { words } = this;
    const base = row * SIZE;
    words.fill(0, base, base + SIZE);
    for (let i = 0; i <= KEY_PORTS; i++) words[base + Row.src + i] = key.words[i]!;
    words[base + KIND] = key.kind;
    words[base + HASH] = key.hash;
    this.#index.add(key.hash, row);
    this.size++;
    return row;
  }

  remove(row: number): void {
    const { words } = this;
    this.#index.remove(words[row * SIZE + HASH]!, row);
    words[row * SIZE + Row.next] = this.#free;
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
}

/** No row. */
export const NONE = 0xffff_ffff;
const FIRST_SLOTS = 8192;
const SIZE = Row.size;
const HASH = Row.hash;
const KIND = Row.kind;

function isForth(words: Uint32Array, base: number, { words: key, firstWord }: PacketKey): boolean {
  if (words[base + Row.ports] !== key[KEY_PORTS]) return false;
  for (let i = firstWord; i < 4; i++)
    if (words[base + Row.src + i] !== key[i] || words[base + Row.dst + i] !== key[4 + i])
      return false;
  return true;
}

function isBack(words: Uint32Array, base: number, { words: key, firstWord }: PacketKey): boolean {
  const ports = key[KEY_PORTS]!;
  if (words[base + Row.ports] !== ((ports >>> 16) | (ports << 16)) >>> 0) return false;
  for (let i = firstWord; i < 4; i++)
    if (words[base + Row.src + i] !== key[4 + i] || words[base + Row.dst + i] !== key[i])
      return false;
  return true;
}

function swap(words: Uint32Array, a: number, b: number): void {
  const word = words[a]!;
  words[a] = words[b]!;
  words[b] = word;
}
