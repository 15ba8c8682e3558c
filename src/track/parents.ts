import { Head } from '../wire/layout.gen.ts';
import { hex64 } from '../wire/words.ts';
import type { Records } from './records.ts';
import { Row } from './row.ts';
import type { TrackTable } from './table.ts';

/** Of one connection: both directions of two tunnels within each other, which is as deep as Zeek looks by default. */
const MOST_PARENTS = 4;
/** As deep as the decoder looks (packet/tunnel.ts). */
const MOST_DEEP = 8;

/** Which conversations carried the packet at hand, and so whatever connection it is of. */
export class Parents {
  readonly #table: TrackTable;
  readonly #records: Records;
  /** The ids of those that carry the packet at hand, the outermost first. */
  readonly #ids: Uint32Array = new Uint32Array(2 * MOST_DEEP);
  #count = 0;
  /** A record's head, in which an id is made. */
  readonly #words: Uint32Array = new Uint32Array(Head.size >> 2);
  readonly #bytes: Uint8Array = new Uint8Array(this.#words.buffer);

  constructor(table: TrackTable, records: Records) {
    this.#table = table;
    this.#records = records;
  }

  /** The next packet comes. */
  forget(): void {
    this.#count = 0;
  }

  /** A row carries the packet at hand. @param tunnel of Tunnel */
  add(row: number, tunnel: number): void {
    if (this.#count === MOST_DEEP) return;
    const { words } = this.#table;
    const base = row * Row.size;
    if (words[base + Row.carries] === 0) {
      this.#records.identify(row, this.#words, this.#bytes, 0);
      words[base + Row.id] = this.#words[Head.id >> 2]!;
      words[base + Row.id + 1] = this.#words[(Head.id >> 2) + 1]!;
    }
    words[base + Row.carries] = tunnel;
    const at = 2 * this.#count++;
    this.#ids[at] = words[base + Row.id]!;
    this.#ids[at + 1] = words[base + Row.id + 1]!;
  }

  /** The packet at hand is of this row. */
  link(row: number): void {
    const at = row * Row.size + Row.parents;
    for (let i = 0; i < this.#count; i++) this.#note(at, this.#ids[2 * i]!, this.#ids[2 * i + 1]!);
  }

  /** Notes an id behind those that are known, if there is room. */
  #note(from: number, low: number, high: number): void {
    const { words } = this.#table;
    for (let at = from; at < from + 2 * MOST_PARENTS; at += 2) {
      if (words[at] === low && words[at + 1] === high) return;
      if ((words[at]! | words[at + 1]!) !== 0) continue;
      words[at] = low;
      words[at + 1] = high;
      return;
    }
  }
}

/** The ids of what carried a row's packets, as `id` is told. */
export function parentsOf({ words }: TrackTable, row: number): string[] {
  const ids: string[] = [];
  const from = row * Row.size + Row.parents;
  for (let at = from; at < from + 2 * MOST_PARENTS; at += 2) {
    if ((words[at]! | words[at + 1]!) === 0) break;
    ids.push(hex64(words[at]!, words[at + 1]!));
  }
  return ids;
}
