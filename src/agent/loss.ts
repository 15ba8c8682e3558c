import type { Sink } from '../sinks/sink.ts';
import type { Parts } from './status.ts';

/** What was lost, by the place where; only grows. */
export type Lost = Readonly<Record<string, number>>;

/** What was lost so far, wherever: what the sinks are told of, and the page. */
export function lossesOf({ source, flow, plugins, sink, store }: Parts): Lost {
  return {
    ...source.counts().lost,
    opens: flow.counts().unopened,
    ...plugins.lost(),
    output: sink.counts().lost,
    ...(store ? { store: store.lost } : {}),
  };
}

/** Tells every sink what was lost, each as it can take it. */
export class Losses {
  readonly #reports: readonly LossReport[];
  readonly #lost: () => Lost;

  /** @param lost of this moment @param handed as of LossReport */
  constructor(sinks: readonly Sink[], lost: () => Lost, handed: Lost | undefined) {
    const before = lost();
    this.#lost = lost;
    this.#reports = sinks.map((sink) => new LossReport(sink, before, handed));
  }

  /** What the main output was told. */
  get told(): Lost {
    return this.#reports[0]?.told ?? {};
  }

  tell(nowNs: number): void {
    const lost = this.#lost();
    for (const report of this.#reports) report.tell(lost, nowNs);
  }
}

/** Tells a sink, once a second, what was lost since the last time and where. */
class LossReport {
  readonly #sink: Sink;
  #told: Lost;

  /**
   * What was lost before, in an earlier run that left its counters, is not told again.
   * @param handed what the program told that handed over to this one: what was lost since is told here
   */
  constructor(sink: Sink, before: Lost, handed: Lost = {}) {
    this.#sink = sink;
    this.#told = Object.fromEntries(
      Object.entries(before).map(([where, count]) => [
        where,
        Math.min(count, handed[where] ?? count),
      ]),
    );
  }

  get told(): Lost {
    return this.#told;
  }

  tell(lost: Lost, nowNs: number): void {
    // What can't be told now would be lost itself: then it is told as a whole later.
    if (this.#sink.backlogged || this.#sink.full) return;
    for (const [where, count] of Object.entries(lost)) {
      const more = count - (this.#told[where] ?? 0);
      if (more > 0) this.#sink.loss(where, more, nowNs);
    }
    this.#told = lost;
  }
}
