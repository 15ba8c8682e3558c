/** Holds back what is told too often: of all in a second, and of one subject again and again. */
export class Quiet {
  /** What was not told. */
  untold = 0;
  readonly #perSecond: number;
  readonly #againNs: number;
  readonly #told = new Map<string, number>();
  #second = -1;
  #used = 0;

  /** @param againNs the same subject is told so often at most; 0: no matter */
  constructor(perSecond: number, againNs: number) {
    this.#perSecond = perSecond;
    this.#againNs = againNs;
  }

  /** Subjects that were told a while ago at most. */
  get remembered(): number {
    return this.#told.size;
  }

  /** May it be told? */
  allows(subject: string, nowNs: number): boolean {
    const second = Math.floor(nowNs / 1e9);
    if (second !== this.#second) {
      this.#second = second;
      this.#used = 0;
    }
    const before = this.#told.get(subject);
    const soon = before !== undefined && nowNs - before < this.#againNs;
    if (soon || this.#used >= this.#perSecond) {
      this.untold++;
      return false;
    }
    this.#used++;
    if (this.#againNs > 0) this.#remember(subject, nowNs);
    return true;
  }

  #remember(subject: string, nowNs: number): void {
    this.#told.delete(subject);
    this.#told.set(subject, nowNs);
    // Each was told, so that there are at most as many as may be in that time.
    for (const [oldest, toldNs] of this.#told) {
      if (nowNs - toldNs < this.#againNs) break;
      this.#told.delete(oldest);
    }
  }
}
