import { DIRECTIONS, EVENT_NAMES, OUTCOMES, SCAN_KINDS } from '../model/events.ts';
import { Kind } from '../wire/layout.gen.ts';
import { ANSWERS } from './answers.ts';
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
  readonly source?: 'ebpf';
  collect(view: MetricsView, put: Put): void;
}

const FAMILIES = ['ipv4', 'ipv6'] as const;
const RINGS = ['attempts', 'events'];
/** Losses are told in lost_total. */
const EVENTS = EVENT_NAMES.filter((name) => name !== 'loss');
const KINDS = Object.keys(Kind)
  .filter((name) => name !== 'NONE')
  .map((name) => name.toLowerCase());

/** Every metric there is; the endpoint and docs/metrics.md are made of this table. */
export const METRICS: readonly Metric[] = [
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
      } satisfies Record<Exclude<(typeof OUTCOMES)[number], ''>, string>,
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
    name: 'packetwatch_scans_spared_total',
    type: 'counter',
    help: 'Verdicts that did not block: never-block list, --block-max, or a dry run.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.counters.spared),
  },
  {
    name: 'packetwatch_blocks_set_total',
    type: 'counter',
    help: 'Blocks set, by verdict or by command.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.counters.blocked),
  },
  {
    name: 'packetwatch_blocks_refused_total',
    type: 'counter',
    help: 'Blocks not set because --block-max were in force.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.counters.blocks_refused),
  },
  {
    name: 'packetwatch_blocks_replaced_total',
    type: 'counter',
    help: 'Blocks that ended early because their set of the table wanted a third one.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.counters.blocks_replaced),
  },
  {
    name: 'packetwatch_blocks',
    type: 'gauge',
    help: 'Blocks in force.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.table.blocks),
  },
  {
    name: 'packetwatch_blocks_limit',
    type: 'gauge',
    help: 'Blocks that may be in force at once (--block-max).',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.blocksLimit),
  },
  {
    name: 'packetwatch_packets_total',
    type: 'counter',
    help: 'Packets that came to the guard.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.counters.packets),
  },
  {
    name: 'packetwatch_packets_malformed_total',
    type: 'counter',
    help: 'Packets with headers that no RFC 9293 peer sends, or cut short.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.counters.malformed),
  },
  {
    name: 'packetwatch_packets_dropped_total',
    type: 'counter',
    help: 'Packets of blocked sources that the guard dropped.',
    labels: {
      reason: {
        syn: 'an attempt',
        flags: 'flags that no TCP peer sends',
        no_socket: 'part of no connection of this host',
      },
    },
    source: 'ebpf',
    collect({ kernel }, put) {
      if (!kernel) return;
      put(kernel.counters.attempts_dropped, 'syn');
      put(kernel.counters.dropped_flags, 'flags');
      put(kernel.counters.dropped_other, 'no_socket');
    },
  },
  {
    name: 'packetwatch_attempts_total',
    type: 'counter',
    help: 'SYNs without ACK that came in, by what became of them in the kernel.',
    labels: {
      fate: {
        reported: 'one record each',
        summed: 'part of a sum',
        lost: 'the ring was full',
        dropped: 'from a blocked source',
      },
    },
    source: 'ebpf',
    collect({ kernel }, put) {
      if (!kernel) return;
      put(kernel.counters.attempts_reported, 'reported');
      put(kernel.counters.attempts_summed, 'summed');
      put(kernel.counters.attempts_lost, 'lost');
      put(kernel.counters.attempts_dropped, 'dropped');
    },
  },
  {
    name: 'packetwatch_lost_total',
    type: 'counter',
    help: 'What was lost, by the stage that lost it; each stage has those of its source only.',
    labels: {
      stage: {
        attempts: 'ring full: an attempt',
        sums: 'ring full: an attempt that was in a sum',
        answers: 'ring full: what answered an attempt',
        outbound: "ring full: an attempt of this host's own",
        sockets: 'ring full: an open or close of a socket',
        verdicts: 'ring full: a verdict, whose block holds',
        table: 'a source that the rule forgot inside its window',
        lock: 'a SYN that was not judged: the lock of its set was not to be had',
        proc_malformed: 'a line of /proc/net/tcp that is no row',
        proc_table: 'a connection beyond those that the proc source can remember',
        proc_read: 'a read of /proc/net/tcp that failed',
        flow: 'a connection let go of because too many were followed',
        unknown: 'a record of a kind that this program does not know',
        output: 'a line that the output could not take',
      },
    },
    collect({ kernel, proc, flow, output }, put) {
      if (kernel) {
        put(kernel.counters.attempts_lost, 'attempts');
        put(kernel.counters.sums_lost, 'sums');
        put(kernel.counters.answers_lost, 'answers');
        put(kernel.counters.outbound_lost, 'outbound');
        put(kernel.counters.sockets_lost, 'sockets');
        put(kernel.counters.verdicts_lost, 'verdicts');
        put(kernel.counters.evicted, 'table');
        put(kernel.counters.contended, 'lock');
      }
      if (proc) {
        each(proc.lost, (count, where) => put(count, `proc_${where}`));
        put(proc.evicted, 'table');
      }
      put(flow.evicted, 'flow');
      put(flow.unknown, 'unknown');
      put(output.lost, 'output');
    },
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
  {
    name: 'packetwatch_table_sources',
    type: 'gauge',
    help: "Places taken in the kernel's table of sources, at most a second ago.",
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.table.used),
  },
  {
    name: 'packetwatch_table_sources_limit',
    type: 'gauge',
    help: "Places in the kernel's table of sources.",
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.table.capacity),
  },
  {
    name: 'packetwatch_ring_size_bytes',
    type: 'gauge',
    help: 'Size of a ring buffer between kernel and program.',
    labels: { ring: RINGS },
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel?.rings.forEach((ring) => put(ring.size, ring.name)),
  },
  {
    name: 'packetwatch_ring_waiting_bytes',
    type: 'gauge',
    help: 'Records in a ring buffer that are not read yet.',
    labels: { ring: RINGS },
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel?.rings.forEach((ring) => put(ring.pending, ring.name)),
  },
  {
    name: 'packetwatch_ring_high_water_bytes',
    type: 'gauge',
    help: 'The most that ever waited in a ring buffer since the start.',
    labels: { ring: RINGS },
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel?.rings.forEach((ring) => put(ring.highWater, ring.name)),
  },
  {
    name: 'packetwatch_output_lines_total',
    type: 'counter',
    help: 'Lines written to standard output, or waiting to be.',
    collect: ({ output }, put) => put(output.lines),
  },
  {
    name: 'packetwatch_output_bytes_total',
    type: 'counter',
    help: 'Bytes written to standard output.',
    collect: ({ output }, put) => put(output.bytes),
  },
  {
    name: 'packetwatch_http_answers_total',
    type: 'counter',
    help: 'Requests to this listener that were answered, by status code.',
    labels: { code: Object.keys(ANSWERS) },
    collect({ http }, put) {
      for (const [code, count] of http.answers) put(count, String(code));
    },
  },
  {
    name: 'packetwatch_http_connections_refused_total',
    type: 'counter',
    help: 'Connections to this listener that were closed because too many were open.',
    collect: ({ http }, put) => put(http.refused),
  },
  {
    name: 'packetwatch_process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time of the program; what its BPF programs take is not in it.',
    labels: { mode: ['user', 'system'] },
    collect({ process }, put) {
      put(process.userSeconds, 'user');
      put(process.systemSeconds, 'system');
    },
  },
  {
    name: 'packetwatch_process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory of the program.',
    collect: ({ process }, put) => put(process.residentBytes),
  },
  {
    name: 'packetwatch_process_start_time_seconds',
    type: 'gauge',
    help: 'When the program started, Unix time.',
    collect: ({ process }, put) => put(process.startSeconds),
  },
  {
    name: 'packetwatch_source_up',
    type: 'gauge',
    help: '1 while the source reads, 0 when no interface is left to it.',
    labels: { source: ['ebpf', 'proc'] },
    collect: ({ source, up }, put) => put(up ? 1 : 0, source),
  },
  {
    name: 'packetwatch_interface_info',
    type: 'gauge',
    help: '1 for each interface that is watched now.',
    labels: {
      iface: 'names of the watched interfaces',
      hook: ['tcx', 'native', 'generic'],
      replies: { yes: 'what leaves by it is seen', no: 'it is not (before Linux 6.6)' },
    },
    source: 'ebpf',
    collect: ({ kernel }, put) =>
      kernel?.attachments.forEach((a) => put(1, a.iface, a.hook, a.egress ? 'yes' : 'no')),
  },
  {
    name: 'packetwatch_build_info',
    type: 'gauge',
    help: '1; its labels say what runs.',
    labels: {
      version: 'of packetwatch',
      node: 'version of Node',
      arch: 'of the processor, as Node names it',
    },
    collect: ({ version }, put) => put(1, version, process.versions.node, process.arch),
  },
];

function each(counts: Readonly<Record<string, number>>, put: Put): void {
  for (const [name, count] of Object.entries(counts)) put(count, name);
}
