/** Numbers that look random and are the same in each run: mulberry32, seeded by a name. */
export class Random {
  #state = 0x9e3779b9;

  constructor(seed: string) {
    for (let i = 0; i < seed.length; i++)
      this.#state = Math.imul(this.#state ^ seed.charCodeAt(i), 0x01000193);
  }

  /** 32 bits. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** From 0 to 1, never 1. */
  share(): number {
    return this.word() / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both possible. */
  between(low: number, high: number): number {
    return low + Math.floor(this.share() * (high - low + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[this.between(0, from.length - 1)]!;
  }

  /** The time between two events of a Poisson process. */
  wait(mean: number): number {
    return -Math.log(1 - this.share()) * mean;
  }

  /** A copy in random order (Fisher and Yates). */
  shuffled<T>(from: readonly T[]): T[] {
    const to = [...from];
    for (let i = to.length - 1; i > 0; i--) {
      const j = this.between(0, i);
      [to[i], to[j]] = [to[j]!, to[i]!];
    }
    return to;
  }
}
