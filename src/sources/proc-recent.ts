/**
 * Which keys were seen before, remembering at least the last `limit` and at most twice as many: when one set is full
 * it becomes the older one, and the one before is forgotten.
 */
export class RecentKeys {
  readonly #limit: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a key. @returns whether it was there */
  add(key: string): boolean {
    if (this.#young.has(key)) return true;
    const known = this.#old.has(key);
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key);
    return known;
  }
}
