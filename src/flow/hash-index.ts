/**
 * An open-addressing hash index from a 64-bit key (two 32-bit words) to a row number.
 * Linear probing; removal shifts the run back, so there are no tombstones and look-ups never decay.
 * It starts small and doubles at half load. The seed keeps a peer who chooses its ports and sequence numbers
 * from aiming many keys at one slot.
 */
export class HashIndex {
  #slots: Uint32Array; // three words a slot: key low, key high, row + 1 (0: empty)
  #mask: number;
  #size = 0;
  readonly #seed: number;

  /** @param seed 32 random bits, chosen at start */
  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#mask = FIRST_SLOTS - 1;
    this.#slots = new Uint32Array(FIRST_SLOTS * 3);
  }

  get size(): number {
    return this.#size;
  }

  /** The row of a key, -1 if there is none. */
  find(lo: number, hi: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let i = scatter(lo, hi, this.#seed) & mask; ; i = (i + 1) & mask) {
      const at = i * 3;
      const row = slots[at + 2]!;
      if (row === 0) return -1;
      if (slots[at] === lo && slots[at + 1] === hi) return row - 1;
    }
  }

  /** Adds a key that is not there yet. */
  add(lo: number, hi: number, row: number): void {
    if (++this.#size * 2 > this.#mask + 1) this.#grow();
    this.#put(lo, hi, row + 1);
  }

  /** Removes a key; false if it is not there. */
  remove(lo: number, hi: number): boolean {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = scatter(lo, hi, this.#seed) & mask;
    for (; ; hole = (hole + 1) & mask) {
      const at = hole * 3;
      if (slots[at + 2] === 0) return false;
      if (slots[at] === lo && slots[at + 1] === hi) break;
    }
    for (let i = (hole + 1) & mask; ; i = (i + 1) & mask) {
      const at = i * 3;
      if (slots[at + 2] === 0) break;
      const home = scatter(slots[at]!, slots[at + 1]!, this.#seed) & mask;
      // The entry may fill the hole only if its home does not lie between the hole and itself.
      if (((i - home) & mask) < ((i - hole) & mask)) continue;
      slots[hole * 3] = slots[at]!;
      slots[hole * 3 + 1] = slots[at + 1]!;
      slots[hole * 3 + 2] = slots[at + 2]!;
      hole = i;
    }
    slots[hole * 3 + 2] = 0;
    this.#size--;
    return true;
  }

  #put(lo: number, hi: number, value: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let i = scatter(lo, hi, this.#seed) & mask;
    while (slots[i * 3 + 2] !== 0) i = (i + 1) & mask;
    slots[i * 3] = lo;
    slots[i * 3 + 1] = hi;
    slots[i * 3 + 2] = value;
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Uint32Array((this.#mask + 1) * 3);
    for (let at = 0; at < old.length; at += 3) {
      if (old[at + 2] !== 0) this.#put(old[at]!, old[at + 1]!, old[at + 2]!);
    }
  }
}

const FIRST_SLOTS = 1024;

function scatter(lo: number, hi: number, seed: number): number {
  let h = Math.imul(lo ^ seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15) ^ hi, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 13) ^ seed, 0xc2b2ae3d);
  return h ^ (h >>> 16);
}
