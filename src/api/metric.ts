import type { MetricsView } from './view.ts';

/** Tells one series: its value and the values of its labels, in the order of `Metric.labels`. */
export type Put = (value: number, ...labels: string[]) => void;

/** The values that a label has, or those and what they mean, or where they come from. */
export type LabelValues = readonly string[] | Readonly<Record<string, string>> | string;

export interface Metric {
  /** Its unit stands in it, and `_total` after a counter's. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** No address, port or process: the number of series must not grow with the traffic. */
  readonly labels?: Readonly<Record<string, LabelValues>>;
  /** With this source only. */
  readonly source?: 'ebpf' | 'pcap' | 'ebpf|pcap';
  collect(view: MetricsView, put: Put): void;
}

/** Tells a series for each member. */
export function each(counts: Readonly<Record<string, number>>, put: Put): void {
  for (const [name, count] of Object.entries(counts)) put(count, name);
}
