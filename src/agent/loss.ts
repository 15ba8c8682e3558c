import type { Sink } from '../sinks/sink.ts';

/** Tells a sink, once a second, what was lost since the last time and where. */
export class LossReport {
  readonly #lost: () => Readonly<Record<string, number>>;
  readonly #sink: Sink;
  #told: Readonly<Record<string, number>>;

  /**
   * What was lost before, in an earlier run that left its counters, is not told again.
   * @param lost by place; only grow
   * @param handed what the program told that handed over to this one: what was lost since is told here
   */
  constructor(
    lost: () => Readonly<Record<string, number>>,
    sink: Sink,
    handed: Readonly<Record<string, number>> = {},
  ) {
    this.#lost = lost;
    this.#sink = sink;
    this.#told = Object.fromEntries(
      Object.entries(lost()).map(([where, count]) => [
        where,
        Math.min(count, handed[where] ?? count),
      ]),
    );
  }

  get told(): Readonly<Record<string, number>> {
    return this.#told;
  }

  tell(nowNs: number): void {
    // What can't be told now would be lost itself: then it is told as a whole later.
    if (this.#sink.backlogged || this.#sink.full) return;
    const lost = this.#lost();
    for (const [where, count] of Object.entries(lost)) {
      const more = count - (this.#told[where] ?? 0);
      if (more > 0) this.#sink.loss(where, more, nowNs);
    }
    this.#told = lost;
  }
}
