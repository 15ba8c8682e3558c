import type { MetricSpec } from './manifest.ts';

/** One series of a plugin's metric: the values of its labels in the manifest's order. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

/** Gathers what a decoder puts; throws for what its manifest doesn't have. */
export class Samples {
  readonly byMetric: Map<MetricSpec, Sample[]> = new Map();
  readonly #metrics: readonly MetricSpec[];

  constructor(metrics: readonly MetricSpec[]) {
    this.#metrics = metrics;
  }

  put(name: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    const metric = this.#metrics.find((m) => m.name === name);
    if (!metric) throw new RangeError(`the manifest has no metric '${name}'`);
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new RangeError(`the value of '${name}' is no number`);
    const wanted = Object.entries(metric.labels);
    if (Object.keys(labels).length !== wanted.length)
      throw new RangeError(`'${name}' has ${wanted.length} labels`);
    const values = wanted.map(([label, all]) => {
      const given = labels[label];
      if (given === undefined || !all.includes(given))
        throw new RangeError(`'${name}' has no ${label} '${given}'`);
      return given;
    });
    const samples = this.byMetric.get(metric) ?? [];
    if (samples.some((s) => s.labels.every((l, i) => l === values[i])))
      throw new RangeError(`a series of '${name}' is put twice`);
    this.byMetric.set(metric, [...samples, { labels: values, value }]);
  }
}
