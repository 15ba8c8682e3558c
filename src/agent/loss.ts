import type { Sink } from '../sinks/sink.ts';
import type { Source } from '../sources/source.ts';

/** Tells, once a second, what was lost since the last time and where. */
export class LossReport {
  readonly #source: Source;
  readonly #sink: Sink;
  #told: Record<string, number>;

  /** What was lost before, in an earlier run that left its counters, is not told again. */
  constructor(source: Source, sink: Sink) {
    this.#source = source;
    this.#sink = sink;
    this.#told = { ...source.counts().lost };
  }

  tell(nowNs: number): void {
    const { lost } = this.#source.counts();
    for (const [where, count] of Object.entries(lost)) {
      const more = count - (this.#told[where] ?? 0);
      if (more > 0) this.#sink.loss(where, more, nowNs);
    }
    this.#told = { ...lost };
  }
}
