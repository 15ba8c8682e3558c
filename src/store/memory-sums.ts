import { Facts, type Filter } from '../filter/filter.ts';
import { Head } from '../wire/layout.gen.ts';
import { u64 } from '../wire/words.ts';

/** Sums that are remembered, 88 bytes each: there is one per victim, port and second of a flood. */
const SUMS = 8192;

/** Attempts that the kernel summed, as their records were; the oldest is overwritten. */
export class MemorySums {
  readonly words: Uint32Array = new Uint32Array((SUMS * Head.size) / 4);
  readonly bytes: Uint8Array = new Uint8Array(this.words.buffer);
  /** The last that was forgotten; all later ones are known. 0: none was. */
  forgottenNs = 0;
  /** By which each was told (WallClock). */
  readonly #offsetsUs = new Float64Array(SUMS);
  #made = 0;

  take(bytes: Uint8Array, at: number, offsetUs: number): void {
    const index = this.#made % SUMS;
    if (this.#made++ >= SUMS) this.forgottenNs = Math.max(this.forgottenNs, this.tsNs(index));
    this.bytes.set(bytes.subarray(at, at + Head.size), index * Head.size);
    this.#offsetsUs[index] = offsetUs;
  }

  /** Those that pass, in no order. @param visit is told where the record is, and its number, which no other has */
  each(
    filter: Filter | undefined,
    visit: (at: number, tsNs: number, number: number) => void,
  ): void {
    for (let number = Math.max(0, this.#made - SUMS); number < this.#made; number++) {
      const index = number % SUMS;
      const at = index * Head.size;
      if (filter?.matches(this.words, at, Facts.sum) ?? true) visit(at, this.tsNs(index), number);
    }
  }

  tsNs(index: number): number {
    return u64(this.words, (index * Head.size) >> 2);
  }

  /** @param at where its record is */
  offsetUs(at: number): number {
    return this.#offsetsUs[at / Head.size]!;
  }
}
