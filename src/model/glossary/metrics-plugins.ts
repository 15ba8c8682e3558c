import { type Entry, entries } from './entry.ts';

/** Metrics of plugins, and of those that come with the program. */
export const PLUGIN_METRICS_EXPLAINED: readonly Entry[] = entries('metric', [
  {
    term: 'packetwatch_plugin_up',
    definition: '1 while a plugin runs, 0 after it was switched off because it failed 10 times.',
    action: 'At 0: standard error has its errors; mend it and start again.',
    see: ['field-plugin', 'packetwatch-plugin-errors-total'],
  },
  {
    term: 'packetwatch_plugin_records_total',
    definition: 'Records of the programs of a plugin, taken or lost.',
    see: ['loss-plugin'],
  },
  {
    term: 'packetwatch_plugin_events_total',
    definition: 'Events of a plugin, told or suppressed.',
    see: ['loss-plugin'],
  },
  {
    term: 'packetwatch_plugin_errors_total',
    definition: 'Calls of a decoder that failed or took longer than a second.',
    see: ['packetwatch-plugin-up'],
  },
  {
    term: 'packetwatch_plugin_arp_watch_packets_total',
    definition: 'Packets of ARP and neighbour discovery that came in, by kind.',
    see: ['arp', 'icmp-router-advertisement'],
  },
  {
    term: 'packetwatch_plugin_arp_watch_unsolicited_total',
    definition: 'Claims of addresses that nobody asked for.',
    meaning: 'Some are normal after a failover; a high rate is a flood.',
    see: ['event-neighbor-flood'],
  },
  {
    term: 'packetwatch_plugin_arp_watch_known_total',
    definition: "Claims that the kernel had told within 10 s and didn't tell again.",
    see: ['arp'],
  },
  {
    term: 'packetwatch_plugin_arp_watch_stations',
    definition: 'Addresses that are remembered with their MAC, at most 16,384.',
    see: ['event-neighbor-new'],
  },
  {
    term: 'packetwatch_plugin_arp_watch_forgotten_total',
    definition: 'Addresses that were forgotten because too many were remembered.',
    see: ['packetwatch-plugin-arp-watch-stations'],
  },
  {
    term: 'packetwatch_plugin_arp_watch_untold_total',
    definition: 'Events that were not told because too many of their kind were.',
    see: [
      'event-neighbor-new',
      'event-neighbor-moved',
      'event-neighbor-duplicate',
      'event-router-new',
    ],
  },
  {
    term: 'packetwatch_plugin_listen_queues_listeners',
    definition: 'Listening TCP sockets, as of the last second.',
    see: ['state-listen'],
  },
  {
    term: 'packetwatch_plugin_listen_queues_pressed',
    definition: 'Listeners that are under pressure.',
    action: 'Alert on more than 0 for a minute: event listen.pressure names them.',
    see: ['event-listen-pressure'],
  },
  {
    term: 'packetwatch_plugin_listen_queues_waiting',
    definition: 'Connections in all queues: not yet accepted, or in their handshake.',
    see: ['accept-queue', 'syn-queue'],
  },
  {
    term: 'packetwatch_plugin_listen_queues_fullest_ratio',
    definition: 'How full the fullest queue is; 1 is full.',
    see: ['accept-queue', 'syn-queue'],
  },
  {
    term: 'packetwatch_plugin_listen_queues_dropped_total',
    definition: 'SYNs and handshakes that listeners dropped since the start.',
    action: 'Any increase is a client that waits: see event listen.pressure.',
    see: ['listen-overflow'],
  },
  {
    term: 'packetwatch_plugin_listen_queues_netstat_total',
    definition: 'The same for the whole network namespace since it was made, by /proc/net/netstat.',
    see: ['listen-overflow'],
  },
  {
    term: 'packetwatch_plugin_listen_queues_unfollowed',
    definition: 'Listeners beyond the 4,096 that are followed.',
    see: ['packetwatch-plugin-listen-queues-listeners'],
  },
]);
