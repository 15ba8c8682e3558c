import { type Entry, entries } from './entry.ts';

/** Metrics of the program itself. */
export const PROGRAM_METRICS_EXPLAINED: readonly Entry[] = entries('metric', [
  {
    term: 'packetwatch_lost_total',
    definition: 'What was lost, by the stage that lost it.',
    meaning: 'Every loss of the program is in it: 0 everywhere says that the log is complete.',
    action: 'Alert on any increase; `packetwatch explain loss-STAGE` says what to do.',
    see: ['event-loss', 'loss-attempts', 'loss-output'],
  },
  {
    term: 'packetwatch_output_lines_total',
    definition: 'Lines written to standard output or the log file, or waiting to be.',
    see: ['loss-output'],
  },
  {
    term: 'packetwatch_output_bytes_total',
    definition: 'Bytes written to standard output or the log file.',
    see: ['packetwatch-output-lines-total'],
  },
  {
    term: 'packetwatch_alerts_total',
    definition: 'Alerts for `--webhook` and `--syslog`, sent or lost.',
    action: 'Any lost: see whether the receiver answers, and standard error for why not.',
    see: ['loss-alerts', 'packetwatch-alerts-waiting'],
  },
  {
    term: 'packetwatch_alerts_waiting',
    definition: 'Alerts that wait for their receiver; beyond 1,000 they are lost.',
    meaning: 'More than some for a minute: the receiver is slow or gone.',
    see: ['packetwatch-alerts-total'],
  },
  {
    term: 'packetwatch_store_events_total',
    definition: 'Events that the store of `--store` has taken.',
    see: ['packetwatch-store-waiting', 'loss-store'],
  },
  {
    term: 'packetwatch_store_waiting',
    definition: 'Events that wait for the store; beyond 32 MiB they are lost.',
    meaning: 'A second of events is usual; more and more: the store is too slow, or fails.',
    action: '`packetwatch status` says why it fails.',
    see: ['packetwatch-store-up', 'loss-store'],
  },
  {
    term: 'packetwatch_store_up',
    definition: 'Whether the store takes events: 0 while it is opened, or fails.',
    action: 'At 0 for a minute: standard error and `packetwatch status` say why.',
    see: ['packetwatch-store-waiting'],
  },
  {
    term: 'packetwatch_store_bytes',
    definition: 'What the store takes on disk; the oldest events go at `--store-size`.',
    see: ['alarm-disk', 'packetwatch-store-events-total'],
  },
  {
    term: 'packetwatch_http_answers_total',
    definition: "Requests to the program's own listener that were answered, by status code.",
    see: ['http-status'],
  },
  {
    term: 'packetwatch_http_connections_refused_total',
    definition: 'Connections to that listener that were closed because too many were open.',
    action: 'Some client opens too many: `ss -tn sport = :9470` shows which.',
    see: ['packetwatch-http-answers-total'],
  },
  {
    term: 'packetwatch_http_requests_refused_total',
    definition:
      'Requests to that listener that were not let in, by why: another Host (`host`), a page of another origin (`origin`), a method that nothing has (`method`), no token or a wrong one (`token`), too many from one client (`rate`), a body that is too long or no JSON (`body`), too many live streams (`streams`).',
    meaning: '`token` that grows: somebody tries tokens, or a program has an old one.',
    action: 'Nothing for single ones; else see who connects to the port.',
    see: ['packetwatch-http-answers-total'],
  },
  {
    term: 'packetwatch_http_streams',
    definition: 'Live streams of events that are open now; there are 16 at most.',
    see: ['packetwatch-http-streams-ended-total'],
  },
  {
    term: 'packetwatch_http_streams_ended_total',
    definition:
      'Live streams that the program ended because their readers took too little: nothing for 10 s, or more than two megabytes waited.',
    meaning: 'A page on a slow line, or one that hangs; it connects again by itself.',
    see: ['packetwatch-http-streams'],
  },
  {
    term: 'packetwatch_process_cpu_seconds_total',
    definition: 'Processor time of the program, without its BPF programs.',
    action: 'A rate near 1: its one thread is the limit; tell fewer kinds of events (`--events`).',
    see: ['alarm-cpu'],
  },
  {
    term: 'packetwatch_process_resident_memory_bytes',
    definition: 'Resident memory of the program.',
    meaning: 'It is bounded by its tables; a steady climb for days would be a fault: report it.',
    see: ['alarm-memory'],
  },
  {
    term: 'packetwatch_process_heap_bytes',
    definition: 'JavaScript heap in use; it goes up and down with the garbage.',
    see: ['packetwatch-process-resident-memory-bytes'],
  },
  {
    term: 'packetwatch_process_start_time_seconds',
    definition: 'When the program started, Unix time.',
    meaning: 'A change is a restart.',
    see: ['packetwatch-build-info'],
  },
  {
    term: 'packetwatch_source_up',
    definition: '1 while the source reads, 0 when no interface is left to it.',
    action: 'At 0: `packetwatch status` and `ip link` show what became of the interfaces.',
    see: ['source-ebpf', 'packetwatch-interface-info'],
  },
  {
    term: 'packetwatch_interface_info',
    definition: '1 for each interface that is watched, with its hook.',
    see: ['hook-tcx', 'hook-native', 'hook-generic', 'hook-packets'],
  },
  {
    term: 'packetwatch_interface_changes_total',
    definition: 'What the kernel told of interfaces and addresses that changed.',
    meaning: 'A high rate: links flap, or containers come and go.',
    see: ['packetwatch-interface-info'],
  },
  {
    term: 'packetwatch_interface_rereads_total',
    definition:
      'Reads of the whole list of interfaces, since news of them were lost, or are refused.',
    see: ['packetwatch-interface-changes-total'],
  },
  {
    term: 'packetwatch_build_info',
    definition: '1; its labels say which version runs.',
    see: ['packetwatch-process-start-time-seconds'],
  },
]);
