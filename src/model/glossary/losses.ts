import { type Entry, entries } from './entry.ts';

/** Where events get lost: `where` of a loss event, and `stage` of packetwatch_lost_total. */
export const LOSSES: readonly Entry[] = entries('loss place', [
  {
    term: 'attempts',
    aliases: ['attempts_lost'],
    definition:
      'The ring of attempts (16 MiB) was full: connection attempts, or sums of them, were not told.',
    meaning:
      'The program did not read for longer than the ring lasts: stopped, without processor time, or held up by a slow reader of its output. Verdicts and blocks do not depend on it.',
    action:
      'Let the reader keep up (`--log FILE`, or fewer `--events`), give the program processor time, and see packetwatch_ring_high_water_bytes.',
    see: ['event-loss', 'packetwatch-ring-high-water-bytes', 'loss-output'],
  },
  {
    term: 'sums',
    definition:
      'The ring of attempts was full: a sum of attempts of a flood was not told; in loss events it is part of `attempts`.',
    see: ['loss-attempts', 'field-count'],
  },
  {
    term: 'answers',
    definition:
      'The ring of attempts was full: what answered an attempt (a refusal, a forwarded opening) was not told.',
    meaning: 'Some attempts show as timeouts that were refused.',
    action: 'As for loss place `attempts`.',
    see: ['loss-attempts'],
  },
  {
    term: 'outbound',
    definition: "The ring of events (4 MiB) was full: an attempt of this host's own was not told.",
    action: 'As for loss place `sockets`.',
    see: ['loss-sockets'],
  },
  {
    term: 'sockets',
    definition:
      'The ring of events (4 MiB) was full: an opening or a close of a socket was not told.',
    meaning: 'Connections stay open in the count although they are over, or have no process.',
    action:
      'Let the reader keep up, or tell fewer events; see packetwatch_ring_high_water_bytes of `events`.',
    see: ['event-loss', 'packetwatch-ring-high-water-bytes'],
  },
  {
    term: 'opens',
    aliases: ['unopened'],
    definition:
      'A connection ended that was open, and its opening had not been told: no program of ours saw it, or its record was lost in a full ring (then loss place `sockets` has it as well).',
    meaning:
      'Its lines are there but for `opened`; its end says how long it took and what went through.',
    action:
      'With losses at `sockets`, see there. Else packetwatch_program_skips_total says how often the kernel skipped a program that was running on that CPU already.',
    see: ['loss-sockets', 'packetwatch-program-skips-total'],
  },
  {
    term: 'verdicts',
    definition: 'The ring of events was full: a scan that was found was not told. Its block holds.',
    action: '`packetwatch block list` shows what is blocked; else as for loss place `sockets`.',
    see: ['loss-sockets', 'event-scan'],
  },
  {
    term: 'table',
    aliases: ['evicted'],
    definition:
      "A table was full: the rule forgot a source inside its window, or, of the proc source's loss events, a connection was not followed.",
    meaning:
      'Many sources at once, often spoofed: a scan of the forgotten one may be missing. With `--source proc` more than 1,000,000 connections are there.',
    action:
      'See packetwatch_table_sources; filter spoofed floods before this host (reverse path filter, provider).',
    see: ['packetwatch-table-sources', 'syn-flood'],
  },
  {
    term: 'slow',
    definition:
      'The rule for slow scans forgot a source within a day, since more than 16,384 failed somewhere.',
    meaning: 'A slow scan may be missing.',
    see: ['scan-slow'],
  },
  {
    term: 'lock',
    aliases: ['contended'],
    definition: 'A SYN was not judged, since others held the lock of its set of the table.',
    meaning: 'It passed. A few are harmless: the next SYN of the same source is judged.',
    see: ['loss-table'],
  },
  {
    term: 'packets',
    definition: 'The packet ring was full (`--source pcap`): packets were not read.',
    meaning: 'Attempts and ends are missing, and connections may be taken for open that are over.',
    action:
      'Use `--source ebpf`, watch fewer interfaces (`-i`), or give the program processor time.',
    see: ['source-pcap', 'packetwatch-capture-packets-total'],
  },
  {
    term: 'connections',
    aliases: ['capture'],
    definition:
      'More connections were there than the pcap source can follow (262,144): one was let go of.',
    meaning: 'Its end is not told. A flood of SYNs does so.',
    action: 'Use `--source ebpf`, which sums floods in the kernel.',
    see: ['source-pcap', 'syn-flood'],
  },
  {
    term: 'capture',
    definition: 'The stage of packetwatch_lost_total that loss events name `connections`.',
    see: ['loss-connections'],
  },
  {
    term: 'malformed',
    aliases: ['proc_malformed'],
    definition: 'A line of /proc/net/tcp was no row (`--source proc`).',
    meaning: 'The file is of a kernel that writes another form, or it is damaged.',
    action: 'Report it with the line.',
    see: ['source-proc'],
  },
  {
    term: 'read',
    aliases: ['proc_read'],
    definition: 'A read of /proc/net/tcp failed (`--source proc`): one look is missing.',
    see: ['source-proc'],
  },
  {
    term: 'proc_malformed',
    definition: 'The stage of packetwatch_lost_total that loss events name `malformed`.',
    see: ['loss-malformed'],
  },
  {
    term: 'proc_table',
    definition:
      'The stage of packetwatch_lost_total that loss events of the proc source name `table`.',
    see: ['loss-table'],
  },
  {
    term: 'proc_read',
    definition: 'The stage of packetwatch_lost_total that loss events name `read`.',
    see: ['loss-read'],
  },
  {
    term: 'flow',
    definition: 'A connection was let go of, since more than 262,144 were followed.',
    meaning: 'Its end is not told; a flood of attempts that nobody answers does so.',
    see: ['packetwatch-flow-connections', 'syn-flood'],
  },
  {
    term: 'scans',
    definition: 'A scan was told as ended early, since more than 1,024 went on.',
    meaning:
      'A distributed scan, or forged sources; that line has `end_reason` `lack of resources`.',
    see: ['end-lack-of-resources', 'packetwatch-flow-scans'],
  },
  {
    term: 'unknown',
    definition: 'A record of a kind came that this program does not know.',
    meaning: 'Two versions work on the same tables.',
    action: '`packetwatch status` shows who made them; start one version with `--replace`.',
    see: ['packetwatch-records-total'],
  },
  {
    term: 'output',
    definition:
      'Lines were lost, since their reader was too slow or gone, or the disk was full, and 8 MiB waited already.',
    action: 'Free the disk, let the reader keep up, or tell less (`--events`, a filter).',
    see: ['event-loss', 'packetwatch-output-lines-total'],
  },
  {
    term: 'store',
    definition:
      'Events were not kept, since the store of `--store` was too slow, full, locked or broken, and 32 MiB of them waited already.',
    meaning: 'They were told on standard output all the same; `packetwatch query` has a gap there.',
    action:
      '`packetwatch status` says why; free the disk, or let the store have a disk that is faster.',
    see: ['event-loss', 'packetwatch-store-waiting', 'packetwatch-store-up'],
  },
  {
    term: 'alerts',
    definition:
      'Alerts were lost, since their receiver was too slow, gone, or refused them; told on standard error and in `status`.',
    action:
      'See whether the receiver of `--webhook` or `--syslog` answers; packetwatch_alerts_total counts.',
    see: ['packetwatch-alerts-total', 'packetwatch-alerts-waiting'],
  },
  {
    term: 'plugin',
    aliases: ['plugin.arp-watch', 'plugin.listen-queues'],
    definition:
      'Records of a plugin found its ring full, or its events were more than 1,000 in a second: `plugin.NAME`.',
    action:
      '`packetwatch status` tells which of the two; a plugin of your own should tell less, or sum in the kernel.',
    see: ['packetwatch-plugin-records-total', 'packetwatch-plugin-events-total'],
  },
]);
