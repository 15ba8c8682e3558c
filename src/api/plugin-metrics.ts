import type { Metric } from './metric.ts';

/** What is counted of each plugin; what a plugin counts itself is in its manifest. */
export const PLUGIN_METRICS: readonly Metric[] = [
  {
    name: 'packetwatch_plugin_up',
    type: 'gauge',
    help: '1 while a plugin runs, 0 after it was switched off because it failed 10 times.',
    labels: { plugin: 'names of the plugins that were asked for' },
    source: 'ebpf',
    collect: ({ plugins }, put) => plugins.counts.forEach((p) => put(p.on ? 1 : 0, p.name)),
  },
  {
    name: 'packetwatch_plugin_records_total',
    type: 'counter',
    help: 'Records of the programs of a plugin, by what became of them; what is in neither waits.',
    labels: {
      plugin: 'names of the plugins that were asked for',
      fate: { taken: 'its decoder had it', lost: 'its ring was full' },
    },
    source: 'ebpf',
    collect: ({ plugins }, put) =>
      plugins.counts.forEach((p) => {
        put(p.records, p.name, 'taken');
        put(p.lost, p.name, 'lost');
      }),
  },
  {
    name: 'packetwatch_plugin_events_total',
    type: 'counter',
    help: 'Events of a plugin, by what became of them.',
    labels: {
      plugin: 'names of the plugins that were asked for',
      fate: { told: 'handed to the outputs', suppressed: 'more than 1,000 in a second' },
    },
    source: 'ebpf',
    collect: ({ plugins }, put) =>
      plugins.counts.forEach((p) => {
        put(p.events - p.suppressed, p.name, 'told');
        put(p.suppressed, p.name, 'suppressed');
      }),
  },
  {
    name: 'packetwatch_plugin_errors_total',
    type: 'counter',
    help: 'Calls of a decoder that failed or took longer than a second.',
    labels: { plugin: 'names of the plugins that were asked for' },
    source: 'ebpf',
    collect: ({ plugins }, put) => plugins.counts.forEach((p) => put(p.errors, p.name)),
  },
];
