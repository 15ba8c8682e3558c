/**
 * Finds rows by the hash of their key. Open addressing with linear probing: a slot has the whole hash beside its row, so
 * that one line of memory tells nearly always, and rows of others aren't touched. Removal shifts back what follows, so
 * there are no tombstones.
 */
export class RowIndex {
  /** Two words a slot: hash, and row + 1; 0: empty. Never more than half of them are in use. */
  slots: Uint32Array;
  mask: number;
  #size = 0;

  /** @param slots a power of two */
  constructor(slots: number) {
    this.slots = new Uint32Array(2 * slots);
    this.mask = slots - 1;
  }

  add(hash: number, row: number): void {
    if (++this.#size * 2 > this.mask + 1) this.#grow();
    this.#put(hash, row + 1);
  }

  /** Removes a row that is there. */
  remove(hash: number, row: number): void {
    const { slots, mask } = this;
    let hole = hash & mask;
    while (slots[2 * hole + 1] !== row + 1) hole = (hole + 1) & mask;
    for (let i = (hole + 1) & mask; slots[2 * i + 1] !== 0; i = (i + 1) & mask) {
      const home = slots[2 * i]! & mask;
      // it may fill the hole only if its home doesn't lie between the hole and itself
      if (((i - home) & mask) < ((i - hole) & mask)) continue;
      slots[2 * hole] = slots[2 * i]!;
      slots[2 * hole + 1] = slots[2 * i + 1]!;
      hole = i;
    }
    slots[2 * hole + 1] = 0;
    this.#size--;
  }

  #put(hash: number, value: number): void {
    const { slots, mask } = this;
    let i = hash & mask;
    while (slots[2 * i + 1] !== 0) i = (i + 1) & mask;
    slots[2 * i] = hash;
    slots[2 * i + 1] = value;
  }

  #grow(): void {
    const old = this.slots;
    this.mask = this.mask * 2 + 1;
    this.slots = new Uint32Array(2 * (this.mask + 1));
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] !== 0) this.#put(old[i]!, old[i + 1]!);
  }
}
