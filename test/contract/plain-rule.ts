/** The rule as one would say it, with all memory in the world: when was each port last touched? */
export class PlainRule {
  readonly #seen = new Map<number, number>();
  readonly #threshold: number;
  readonly #windowNs: number;
  #told = false;

  constructor(threshold: number, windowNs: number) {
    this.#threshold = threshold;
    this.#windowNs = windowNs;
  }

  /** The ports of a verdict, ascending. */
  syn(nowNs: number, port: number): number[] | undefined {
    const live = (): number[] =>
      [...this.#seen].filter(([, at]) => nowNs - at <= this.#windowNs).map(([p]) => p);
    if (live().length < this.#threshold) this.#told = false;
    this.#seen.set(port, nowNs);
    const ports = live();
    if (ports.length <= this.#threshold || this.#told) return undefined;
    this.#told = true;
    return ports.toSorted((a, b) => a - b);
  }
}
