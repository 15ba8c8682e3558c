import { type Entry, entries } from './entry.ts';

/** Values of fields, and where events come from. */
export const VALUES: readonly Entry[] = [
  ...entries('value', [
    {
      term: 'inbound',
      definition: 'Direction: from elsewhere to this host.',
      see: ['field-direction'],
    },
    {
      term: 'outbound',
      definition: 'Direction: from this host to elsewhere.',
      see: ['field-direction'],
    },
    {
      term: 'local',
      definition: 'Direction: both ends are on this host.',
      see: ['field-direction'],
    },
    {
      term: 'forwarded',
      definition:
        'Direction: neither end is on this host, it is a router or the host of containers.',
      see: ['field-direction'],
    },
    {
      term: 'unknown',
      definition: 'Direction: nobody can tell, as in a capture file, which is of no host.',
      see: ['field-direction'],
    },
    { term: 'connect', definition: 'The process called connect(2).', see: ['field-process-from'] },
    {
      term: 'listen',
      definition: 'The process listens: it is not known yet which worker took the connection.',
      see: ['field-process-from', 'listener-patterns'],
    },
    {
      term: 'accept',
      definition:
        'The process read or wrote first on the accepted socket: the worker that serves it.',
      see: ['field-process-from', 'listener-patterns'],
    },
    {
      term: 'close',
      definition: 'The process closed the socket; nothing told of it before.',
      see: ['field-process-from'],
    },
    { term: 'start', definition: 'The scan was found.', see: ['field-state', 'event-scan'] },
    {
      term: 'update',
      definition: 'Its ports or hosts have doubled, or its source was blocked.',
      see: ['field-state', 'event-scan'],
    },
    {
      term: 'end',
      definition: 'It has ended, or is no longer followed: end_reason says which.',
      see: ['field-state', 'field-end-reason'],
    },
  ]),
  ...entries('source', [
    {
      term: 'ebpf',
      aliases: ['BPF'],
      definition:
        'BPF programs at interfaces and sockets: everything, with process and outcome, and blocking.',
      meaning: 'It needs Linux 5.17 with BTF, and root or four capabilities.',
      see: ['hook-tcx', 'source-pcap'],
    },
    {
      term: 'pcap',
      definition:
        'An AF_PACKET ring with a filter in the kernel: attempts, outcomes and scans by packets, without processes.',
      see: ['source-ebpf', 'loss-packets'],
    },
    {
      term: 'proc',
      aliases: ['/proc/net/tcp', 'poller'],
      definition: 'Reads of /proc/net/tcp and tcp6 every 10 s, which anybody may do.',
      meaning: 'What begins and ends between two reads is not seen.',
      see: ['source-ebpf', 'loss-read'],
    },
    {
      term: 'auto',
      definition:
        'The first of ebpf, pcap and proc that can be had; a line each says why not the others.',
      see: ['source-ebpf', 'source-pcap', 'source-proc'],
    },
    {
      term: 'file',
      aliases: ['capture file', 'pcapng', 'packetwatch read'],
      definition:
        'Capture files, by `packetwatch read`: the same flow and detectors by the clock of the packets.',
      see: ['value-unknown', 'snapshot-length'],
    },
  ]),
  ...entries('hook', [
    {
      term: 'tcx',
      aliases: ['TC', 'tc ingress'],
      definition: 'The guard on socket buffers, behind the driver (Linux 6.6).',
      meaning: 'It leaves network cards and their offloads alone, and sees what leaves the host.',
      see: ['hook-native', 'source-ebpf'],
    },
    {
      term: 'native',
      aliases: ['native XDP', 'XDP'],
      definition: 'The guard at XDP, in the driver: the earliest place to drop packets.',
      meaning: 'On virtual links it switches off large segments, which bulk TCP lives on.',
      see: ['hook-tcx', 'hook-generic'],
    },
    {
      term: 'generic',
      aliases: ['generic XDP', 'SKB mode'],
      definition:
        'The guard at XDP, behind the driver: where a driver has no XDP and the kernel no TCX.',
      see: ['hook-native', 'hook-tcx'],
    },
    { term: 'packets', definition: 'A packet socket of the pcap source.', see: ['source-pcap'] },
  ]),
  ...entries('rule', [
    {
      term: 'reference',
      aliases: ['reference rule'],
      definition:
        'A source that touched more than 3 distinct ports of one address within the last 60 s is scanning (`--rule reference[,ports=3][,window=60s]`).',
      meaning:
        'It counts ports, whatever became of them: honest clients with many services are found as well.',
      action: 'With `--block` use `--rule weighted`.',
      see: ['rule-weighted', 'scan-vertical'],
    },
    {
      term: 'weighted',
      aliases: ['weighted rule'],
      definition:
        'What becomes of each new port adds to a score, or takes off; 4.59 nat, odds of 99 to 1, are a scan (`--rule weighted`).',
      see: ['verdict-score', 'rule-reference', 'verdict-trusted'],
      source: 'Jung and others, Fast Portscan Detection Using Sequential Hypothesis Testing, 2004',
    },
  ]),
];
