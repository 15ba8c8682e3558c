import type { Metric } from './metric.ts';

/** What --store keeps; absent without it. */
export const STORE_METRICS: readonly Metric[] = [
  {
    name: 'packetwatch_store_events_total',
    type: 'counter',
    help: 'Events that the store of --store has taken.',
    collect({ store }, put) {
      if (store) put(store.kept);
    },
  },
  {
    name: 'packetwatch_store_waiting',
    type: 'gauge',
    help: 'Events that wait for the store; beyond 32 MiB they are lost.',
    collect({ store }, put) {
      if (store) put(store.waiting);
    },
  },
  {
    name: 'packetwatch_store_up',
    type: 'gauge',
    help: 'Whether the store takes events: 0 while it is opened, or fails.',
    collect({ store }, put) {
      if (store) put(store.state === 'open' ? 1 : 0);
    },
  },
  {
    name: 'packetwatch_store_bytes',
    type: 'gauge',
    help: 'What the store takes on disk; the oldest events go at --store-size.',
    collect({ store }, put) {
      if (store) put(store.bytes);
    },
  },
];
