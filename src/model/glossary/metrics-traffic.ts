import { type Entry, entries } from './entry.ts';

/** Metrics of connections, scans and flow. */
export const TRAFFIC_METRICS_EXPLAINED: readonly Entry[] = entries('metric', [
  {
    term: 'packetwatch_connections_total',
    definition: 'New connections, by direction and address family.',
    meaning: 'Its rate is how many connections begin a second.',
    action:
      'A step up: see who (`packetwatch watch --events connection.attempt`). A fall to 0: nobody reaches this host, or the source sees nothing (packetwatch_source_up).',
    see: ['event-connection-attempt', 'packetwatch-connections-summed-total'],
  },
  {
    term: 'packetwatch_connections_summed_total',
    definition: 'New connections that the kernel summed in a flood.',
    meaning: 'More than 0: over 100,000 attempts a second came on one CPU.',
    action: 'Filter before this host; the lines with `count` name the port.',
    see: ['syn-flood', 'field-count'],
  },
  {
    term: 'packetwatch_connections_opened_total',
    definition: 'Connections whose handshake ended well.',
    see: ['event-connection-open'],
  },
  {
    term: 'packetwatch_connection_outcomes_total',
    definition: 'Connections that ended, by outcome.',
    meaning: 'The share of all but `ok` is the error rate of this host as the network sees it.',
    action:
      'Alert on the rate of each outcome against its own past: refused is a service that is down, timeout a path or filter, reset a crash or limit, dropped this host itself.',
    see: ['outcome-ok', 'outcome-refused', 'outcome-timeout', 'outcome-reset', 'outcome-dropped'],
  },
  {
    term: 'packetwatch_connections_untold_total',
    definition: 'Connections that have no attempt line, or no end line, and why.',
    meaning: 'It closes the sum: attempts told and these are all that is followed or ended.',
    see: ['midstream-connection'],
  },
  {
    term: 'packetwatch_flow_connections',
    definition: 'Connections followed now.',
    see: ['packetwatch-flow-connections-limit'],
  },
  {
    term: 'packetwatch_flow_connections_limit',
    definition: 'Connections that can be followed at once, 262,144.',
    action:
      'Alert when nine tenths are used: beyond it connections are let go of, see loss place `flow`.',
    see: ['loss-flow'],
  },
  {
    term: 'packetwatch_scans_total',
    definition: 'Port scans found, by kind.',
    meaning: 'Each scan counts once, however long it lasts.',
    see: ['event-scan', 'scan-vertical'],
  },
  {
    term: 'packetwatch_flow_scans',
    definition: 'Port scans followed now, 1,024 at most.',
    see: ['loss-scans'],
  },
  {
    term: 'packetwatch_scan_verdicts_suppressed_total',
    definition: 'Verdicts that add little to what was told of the same scan.',
    meaning: 'A measure of how long scanners go on; nothing to do.',
    see: ['event-scan'],
  },
  {
    term: 'packetwatch_records_total',
    definition: 'Records taken from the source, by kind and by what they led to.',
    meaning: 'For who looks for a fault of the program: all records must be in one of the fates.',
    see: ['loss-unknown'],
  },
  {
    term: 'packetwatch_events_total',
    definition: 'Events that happened, whether they were written or not.',
    see: ['event-connection-attempt', 'event-scan', 'packetwatch-output-lines-total'],
  },
]);
