import type { Metadata } from '../model/metadata.ts';
import type { RecordBatch } from './batch.ts';
import { Head } from './layout.gen.ts';

/**
 * A growable batch for sources that have no kernel ring: records are appended in the layout of bpf/events.h.
 *
 * It is itself the RecordBatch that is handed on. `words`, `halves` and `bytes` are replaced when it grows, so take
 * them anew after each `append`. `clear` keeps the memory for the next batch.
 */
export class RecordWriter implements RecordBatch {
  words: Uint32Array;
  /** The same memory, as little-endian 16-bit words. */
  halves: Uint16Array;
  bytes: Uint8Array;
  at: Uint32Array = new Uint32Array(16);
  readonly attached: Metadata[] = [];
  #count = 0;
  #used = 0;

  /** @param bytes memory to start with */
  constructor(bytes = 4096) {
    const memory = new ArrayBuffer(roundUp(Math.max(bytes, Head.size)));
    this.words = new Uint32Array(memory);
    this.halves = new Uint16Array(memory);
    this.bytes = new Uint8Array(memory);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Appends a record that is zero but for its `kind` and `count` (1).
   * @param kind one of Kind
   * @param size SocketPart.size, VerdictPart.size, or Head.size for a head alone
   * @returns the byte offset of the record
   */
  append(kind: number, size: number): number {
    const at = this.#used;
    const end = at + roundUp(size);
    if (end > this.bytes.length) this.#grow(end);
    if (this.#count === this.at.length) {
      const longer = new Uint32Array(this.#count * 2);
      longer.set(this.at);
      this.at = longer;
    }
    const words = this.words;
    for (let w = at >> 2; w < end >> 2; w++) words[w] = 0; // for so few, fill() takes longer
    this.bytes[at + Head.kind] = kind;
    this.words[(at + Head.count) >> 2] = 1;
    this.at[this.#count++] = at;
    this.#used = end;
    return at;
  }

  /** Keeps metadata with the batch. @returns what PacketsPart.metadata calls it */
  attach(metadata: Metadata): number {
    return this.attached.push(metadata);
  }

  /** Writes a 64-bit field at byte offset `at`. @param value an integer from 0 to 2^53 */
  setU64(at: number, value: number): void {
    this.words[at >> 2] = value;
    this.words[(at >> 2) + 1] = Math.floor(value / 0x1_0000_0000);
  }

  clear(): void {
    this.#count = 0;
    this.#used = 0;
    if (this.attached.length > 0) this.attached.length = 0;
  }

  #grow(needed: number): void {
    const memory = new ArrayBuffer(Math.max(needed, this.bytes.length * 2));
    new Uint8Array(memory).set(this.bytes);
    this.words = new Uint32Array(memory);
    this.halves = new Uint16Array(memory);
    this.bytes = new Uint8Array(memory);
  }
}

/** Records start at multiples of 8, as in the kernel's ring. */
function roundUp(bytes: number): number {
  return (bytes + 7) & ~7;
}
