import { type Entry, entries } from './entry.ts';

/** Metrics of the guard in the kernel: verdicts, blocks, packets, tables and rings. */
export const GUARD_METRICS_EXPLAINED: readonly Entry[] = entries('metric', [
  {
    term: 'packetwatch_scans_spared_total',
    definition: 'Verdicts that did not block: never-block list, `--block-max`, or a dry run.',
    action: 'Of somebody on the list: find out why a partner scans.',
    see: ['verdict-spared', 'never-block-list'],
  },
  {
    term: 'packetwatch_scans_trusted_total',
    definition: 'Of these, verdicts over a source that keeps completing handshakes.',
    see: ['verdict-trusted'],
  },
  {
    term: 'packetwatch_scan_evidence_total',
    definition: 'Packets other than SYNs that a scan may be made of, and those that were excused.',
    meaning:
      '`odd` are no honest packets at all; many `excused` are backscatter of a flood in our name.',
    see: ['technique-odd-flags', 'technique-ack', 'backscatter', 'scan-udp'],
  },
  {
    term: 'packetwatch_blocks_set_total',
    definition: 'Blocks set, by verdict or by command.',
    see: ['event-block'],
  },
  {
    term: 'packetwatch_blocks_refused_total',
    definition: 'Blocks not set because `--block-max` were in force.',
    meaning: 'Scanners get through.',
    action: 'A flood of forged sources: use `--rule weighted`. Else raise `--block-max`.',
    see: ['packetwatch-blocks', 'packetwatch-blocks-limit'],
  },
  {
    term: 'packetwatch_blocks_replaced_total',
    definition: 'Blocks that ended early because their set of the table wanted a third one.',
    meaning: 'Some are expected with thousands of blocks.',
    see: ['packetwatch-blocks'],
  },
  {
    term: 'packetwatch_blocks',
    definition: 'Blocks in force.',
    action: 'Many at once are mostly forged sources; `packetwatch block list` shows them.',
    see: ['event-block', 'packetwatch-blocks-limit'],
  },
  {
    term: 'packetwatch_blocks_limit',
    definition: 'Blocks that may be in force at once (`--block-max`).',
    see: ['packetwatch-blocks'],
  },
  {
    term: 'packetwatch_packets_total',
    definition: 'Packets that came to the guard.',
    meaning: 'At 0 while there is traffic: the guard is not where the traffic is (`-i`).',
    see: ['packetwatch-interface-info'],
  },
  {
    term: 'packetwatch_packets_malformed_total',
    definition: 'Packets with headers that no RFC 9293 peer sends, or cut short.',
    meaning: 'Broken stacks, fuzzers, or scans that try to pass filters.',
    see: ['technique-odd-flags', 'header-data-offset'],
  },
  {
    term: 'packetwatch_packets_dropped_total',
    definition: 'Packets of blocked sources that the guard dropped, by what they were.',
    see: ['event-block'],
  },
  {
    term: 'packetwatch_attempts_total',
    definition: 'SYNs without ACK that came in, by what became of them in the kernel.',
    meaning: 'reported, summed, lost and dropped are all of them.',
    see: ['event-connection-attempt', 'loss-attempts'],
  },
  {
    term: 'packetwatch_table_sources',
    definition: "Places taken in the kernel's table of sources.",
    meaning:
      'Near its limit many sources come at once, often forged: some are forgotten inside their window.',
    action: 'See stage `table` of packetwatch_lost_total.',
    see: ['loss-table', 'packetwatch-table-sources-limit'],
  },
  {
    term: 'packetwatch_table_sources_limit',
    definition: "Places in the kernel's table of sources, 65,536.",
    see: ['packetwatch-table-sources'],
  },
  {
    term: 'packetwatch_ring_size_bytes',
    definition: 'Size of a ring buffer between kernel and program.',
    see: ['packetwatch-ring-high-water-bytes'],
  },
  {
    term: 'packetwatch_ring_waiting_bytes',
    definition: 'What lies in a ring buffer and is not read yet.',
    meaning: 'It is near 0 at most times: the program reads every 10 to 25 ms.',
    see: ['packetwatch-ring-high-water-bytes'],
  },
  {
    term: 'packetwatch_program_skips_total',
    definition:
      'Events at which the kernel skipped a socket program, since it was running on that CPU already and was interrupted.',
    meaning:
      'Two copies look at each change of state, so that a skip of one is no loss: at most the lesser of `state` and `state-again` was seen by none. `destroy` tells closes that both missed.',
    action: 'Nothing to do; what is lost is counted at loss place `opens`.',
    see: ['loss-opens', 'loss-sockets'],
  },
  {
    term: 'packetwatch_ring_high_water_bytes',
    definition: 'The most that ever waited in a ring buffer since the start.',
    action:
      'Near its size: a loss is close. Speed up the reader of the output, or give the program processor time.',
    see: ['loss-attempts', 'loss-sockets', 'loss-packets'],
  },
  {
    term: 'packetwatch_capture_packets_total',
    definition: 'Packets that passed the filter of the pcap source, read or lost.',
    see: ['loss-packets', 'source-pcap'],
  },
  {
    term: 'packetwatch_capture_unread_total',
    definition: 'Packets of the pcap source that tell nothing: malformed, or cut off.',
    see: ['source-pcap', 'snapshot-length'],
  },
]);
