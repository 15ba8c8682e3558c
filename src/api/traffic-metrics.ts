import { DIRECTIONS, EVENT_NAMES, type OutcomeName, SCAN_KINDS } from '../model/events.ts';
import { Kind } from '../wire/layout.gen.ts';
import { each, type Metric } from './metric.ts';

const FAMILIES = ['ipv4', 'ipv6'] as const;
/** Losses are told in lost_total. */
const EVENTS = EVENT_NAMES.filter((name) => name !== 'loss');
const KINDS = Object.keys(Kind)
  .filter((name) => name !== 'NONE')
  .map((name) => name.toLowerCase());

/** What the flow counts: connections, scans, records, events. */
export const TRAFFIC_METRICS: readonly Metric[] = [
  {
    name: 'packetwatch_connections_total',
    type: 'counter',
    help: 'New connections, by the direction that was known when their attempt was told.',
    labels: { direction: DIRECTIONS, family: FAMILIES },
    collect({ flow }, put) {
      for (const direction of DIRECTIONS)
        for (const family of FAMILIES) put(flow.attempts[direction][family], direction, family);
    },
  },
  {
    name: 'packetwatch_connections_summed_total',
    type: 'counter',
    help: 'New connections that the kernel summed in a flood instead of telling each.',
    collect: ({ flow }, put) => put(flow.summed),
  },
  {
    name: 'packetwatch_connections_opened_total',
    type: 'counter',
    help: 'Connections whose handshake ended well.',
    collect: ({ flow }, put) => put(flow.events['connection.open']),
  },
  {
    name: 'packetwatch_connection_outcomes_total',
    type: 'counter',
    help: 'Connections that ended, by how.',
    labels: {
      outcome: {
        ok: 'closed by both ends',
        refused: 'by RST or ICMP',
        timeout: 'no answer, or a handshake without end',
        reset: 'cut by RST, or half-open and then reset',
        dropped: 'left unanswered by this host',
      } satisfies Record<OutcomeName, string>,
    },
    collect: ({ flow }, put) => each(flow.outcomes, put),
  },
  {
    name: 'packetwatch_connections_untold_total',
    type: 'counter',
    help: 'Connections followed without an attempt that was told, or no longer followed without an end.',
    labels: {
      why: {
        existing: 'older than the program',
        revived: 'came back after they were evicted or told as unanswered',
        forwarded: 'no socket of this host will tell their close',
      },
    },
    collect({ flow }, put) {
      put(flow.existing, 'existing');
      put(flow.revived, 'revived');
      put(flow.forwarded, 'forwarded');
    },
  },
  {
    name: 'packetwatch_flow_connections',
    type: 'gauge',
    help: 'Connections followed now.',
    collect: ({ flow }, put) => put(flow.live),
  },
  {
    name: 'packetwatch_flow_connections_limit',
    type: 'gauge',
    help: 'Connections that can be followed at once.',
    collect: ({ flowLimit }, put) => put(flowLimit),
  },
  {
    name: 'packetwatch_scans_total',
    type: 'counter',
    help: 'Port scans found, each once however often its list of ports is told again.',
    labels: { kind: SCAN_KINDS },
    collect: ({ flow }, put) => each(flow.scans_found, put),
  },
  {
    name: 'packetwatch_flow_scans',
    type: 'gauge',
    help: 'Port scans followed now.',
    collect: ({ flow }, put) => put(flow.scans),
  },
  {
    name: 'packetwatch_scan_verdicts_suppressed_total',
    type: 'counter',
    help: 'Verdicts that were not told, because they add little to what was told of the same scan.',
    collect: ({ flow }, put) => put(flow.suppressed),
  },
  {
    name: 'packetwatch_records_total',
    type: 'counter',
    help: 'Records taken from the source, by kind and by what they led to.',
    labels: {
      kind: KINDS,
      fate: {
        applied: 'an event, or a connection known silently',
        merged: 'more of what was told',
        late: 'nothing: all of its connection was told',
      },
    },
    collect({ flow }, put) {
      for (const [kind, counts] of Object.entries(flow.records)) {
        put(counts.applied, kind, 'applied');
        put(counts.merged, kind, 'merged');
        put(counts.late, kind, 'late');
      }
    },
  },
  {
    name: 'packetwatch_events_total',
    type: 'counter',
    help: 'Events that happened, whether --events lets them be written or not.',
    labels: { event: EVENTS },
    collect({ flow }, put) {
      for (const event of EVENTS) put(flow.events[event], event);
    },
  },
];
