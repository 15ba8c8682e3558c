import { GUARD_METRICS } from './guard-metrics.ts';
import type { Metric } from './metric.ts';
import { PLUGIN_METRICS } from './plugin-metrics.ts';
import { PROGRAM_METRICS } from './program-metrics.ts';
import { RING_METRICS } from './ring-metrics.ts';
import { STORE_METRICS } from './store-metrics.ts';
import { TRAFFIC_METRICS } from './traffic-metrics.ts';

/** Every metric of the program; the endpoint and docs/metrics.md are made of this table and of plugins' manifests. */
export const METRICS: readonly Metric[] = [
  ...TRAFFIC_METRICS,
  ...GUARD_METRICS,
  ...RING_METRICS,
  ...PROGRAM_METRICS,
  ...STORE_METRICS,
  ...PLUGIN_METRICS,
];
