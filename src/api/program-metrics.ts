import { ANSWERS } from './answers.ts';
import { REFUSALS } from './gate.ts';
import { each, type Metric } from './metric.ts';

/** Receivers of alerts, at most one of each. */
const ALERTED = ['webhook', 'syslog'] as const;

/** What the program tells of itself: losses, output, listener, process, what it is and watches. */
export const PROGRAM_METRICS: readonly Metric[] = [
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
        opens:
          'an opening that was not told, by the end of its connection; those of a full ring are in `sockets` as well',
        verdicts: 'ring full: a verdict, whose block holds',
        table: 'a source that the rule forgot inside its window',
        slow: 'a source that the rule for slow scans forgot within a day',
        lock: 'a SYN that was not judged: the lock of its set was not to be had',
        packets: 'packet ring full: a packet',
        capture: 'a connection beyond those that the pcap source can follow',
        proc_malformed: 'a line of /proc/net/tcp that is no row',
        proc_table: 'a connection beyond those that the proc source can remember',
        proc_read: 'a read of /proc/net/tcp that failed',
        flow: 'a connection let go of because too many were followed',
        scans: 'a scan told as ended early: more went on than can be followed',
        unknown: 'a record of a kind that this program does not know',
        output: 'a line that the output could not take',
        store: 'an event that the store could not keep',
      },
    },
    collect({ kernel, pcap, proc, flow, output, store }, put) {
      if (kernel) {
        put(kernel.counters.attempts_lost, 'attempts');
        put(kernel.counters.sums_lost, 'sums');
        put(kernel.counters.answers_lost, 'answers');
        put(kernel.counters.outbound_lost, 'outbound');
        put(kernel.counters.sockets_lost, 'sockets');
        put(kernel.counters.verdicts_lost, 'verdicts');
        put(kernel.counters.evicted, 'table');
        put(kernel.slowEvicted, 'slow');
        put(kernel.counters.contended, 'lock');
      }
      if (pcap) {
        put(pcap.lost['packets'] ?? 0, 'packets');
        put(pcap.lost['connections'] ?? 0, 'capture');
        put(pcap.evicted, 'table');
        put(pcap.slowEvicted, 'slow');
      }
      if (proc) {
        each(proc.lost, (count, where) => put(count, `proc_${where}`));
        put(proc.evicted, 'table');
      }
      put(flow.unopened, 'opens');
      put(flow.evicted, 'flow');
      put(flow.scans_evicted, 'scans');
      put(flow.unknown, 'unknown');
      put(output.lost, 'output');
      if (store) put(store.lost, 'store');
    },
  },
  {
    name: 'packetwatch_output_lines_total',
    type: 'counter',
    help: 'Lines written to standard output or the log file, or waiting to be.',
    collect: ({ output }, put) => put(output.lines),
  },
  {
    name: 'packetwatch_output_bytes_total',
    type: 'counter',
    help: 'Bytes written to standard output or the log file.',
    collect: ({ output }, put) => put(output.bytes),
  },
  {
    name: 'packetwatch_alerts_total',
    type: 'counter',
    help: 'Alerts for --webhook and --syslog, by what became of them.',
    labels: {
      by: ALERTED,
      fate: { sent: 'the receiver, or for syslog the kernel, took it', lost: 'nobody did' },
    },
    collect({ alerts }, put) {
      for (const by of ALERTED) {
        const counts = alerts.find((a) => a.by === by);
        put(counts?.sent ?? 0, by, 'sent');
        put(counts?.lost ?? 0, by, 'lost');
      }
    },
  },
  {
    name: 'packetwatch_alerts_waiting',
    type: 'gauge',
    help: 'Alerts that wait for their receiver; beyond 1,000 they are lost.',
    labels: { by: ALERTED },
    collect({ alerts }, put) {
      for (const by of ALERTED) put(alerts.find((a) => a.by === by)?.waiting ?? 0, by);
    },
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
    name: 'packetwatch_http_requests_refused_total',
    type: 'counter',
    help: 'Requests to this listener that were not let in.',
    labels: { why: REFUSALS },
    collect({ http }, put) {
      for (const [why, count] of http.refusals) put(count, why);
    },
  },
  {
    name: 'packetwatch_http_streams',
    type: 'gauge',
    help: 'Live streams that are open now.',
    collect: ({ http }, put) => put(http.streams.open),
  },
  {
    name: 'packetwatch_http_streams_ended_total',
    type: 'counter',
    help: 'Live streams that were ended because their readers took too little.',
    collect: ({ http }, put) => put(http.streams.ended),
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
    name: 'packetwatch_process_heap_bytes',
    type: 'gauge',
    help: 'JavaScript heap in use; it goes up and down with the garbage.',
    collect: ({ process }, put) => put(process.heapBytes),
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
    labels: { source: ['ebpf', 'pcap', 'proc'] },
    collect: ({ source, up }, put) => put(up ? 1 : 0, source),
  },
  {
    name: 'packetwatch_interface_info',
    type: 'gauge',
    help: '1 for each interface that is watched now.',
    labels: {
      iface: 'names of the watched interfaces',
      hook: {
        tcx: 'the guard on socket buffers',
        native: 'the guard at XDP, in the driver',
        generic: 'the guard at XDP, behind the driver',
        packets: 'a packet socket (pcap)',
      },
      replies: { yes: 'what leaves by it is seen', no: 'it is not (before Linux 6.6)' },
    },
    source: 'ebpf|pcap',
    collect({ kernel, pcap }, put) {
      kernel?.attachments.forEach((a) => put(1, a.iface, a.hook, a.egress ? 'yes' : 'no'));
      pcap?.use.interfaces.forEach((name) => put(1, name, 'packets', 'yes'));
    },
  },
  {
    name: 'packetwatch_interface_changes_total',
    type: 'counter',
    help: 'What the kernel told of interfaces and addresses that changed.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.interfaces.changes),
  },
  {
    name: 'packetwatch_interface_rereads_total',
    type: 'counter',
    help: 'Reads of the whole list of interfaces, since news of them were lost, or are refused.',
    source: 'ebpf',
    collect: ({ kernel }, put) => kernel && put(kernel.interfaces.reread),
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
