import { each, type Metric } from './metric.ts';

/** What the guard in the kernel counts: verdicts, blocks, packets; its table. */
export const GUARD_METRICS: readonly Metric[] = [
  {
    name: 'packetwatch_scans_spared_total',
    type: 'counter',
    help: 'Verdicts that did not block: never-block list, --block-max, or a dry run.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.counters.spared),
  },
  {
    name: 'packetwatch_scans_trusted_total',
    type: 'counter',
    help: 'Of these, verdicts over a source that keeps completing handshakes, which nobody can forge.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.counters.trusted),
  },
  {
    name: 'packetwatch_scan_evidence_total',
    type: 'counter',
    help: 'Packets other than SYNs that a scan may be made of, and those of them that were excused.',
    labels: {
      kind: {
        odd: 'flags that no RFC 9293 peer sends, or fragments that hide them',
        stray: 'our RST to a segment of no connection',
        unreachable: 'our ICMP port unreachable to a datagram',
        excused: 'of the last two: backscatter, late segments and answers, traceroute',
      },
    },
    source: 'ebpf',
    collect({ kernel }, put) {
      if (!kernel) return;
      put(kernel.counters.odd, 'odd');
      put(kernel.counters.strays, 'stray');
      put(kernel.counters.unreachables, 'unreachable');
      put(kernel.counters.excused, 'excused');
    },
  },
  {
    name: 'packetwatch_program_skips_total',
    type: 'counter',
    help: 'Events at which the kernel skipped a socket program that was running on that CPU already.',
    labels: {
      program: {
        state: 'changes of state; its second copy sees those',
        'state-again': 'the second copy; the first one has seen most of those',
        destroy: 'sockets that go away, for closes that both missed',
        send: 'bytes sent, for the process that accepts',
        receive: 'bytes received, likewise',
      },
    },
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && each(kernel.skips, put),
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
];
