import { type Entry, entries } from './entry.ts';

/** Fields of the lines of `-o json` (docs/events.schema.json). */
export const FIELDS: readonly Entry[] = entries('JSON field', [
  {
    term: 'ts',
    aliases: ['timestamp', 'time'],
    definition: 'When it happened: RFC 3339, UTC, microseconds.',
    see: ['field-start-ts'],
    source: 'RFC 3339',
  },
  {
    term: 'event',
    definition: 'What the line tells.',
    see: [
      'event-connection-attempt',
      'event-connection-open',
      'event-connection-refused',
      'event-connection-timeout',
      'event-connection-reset',
      'event-connection-close',
      'event-scan',
      'event-block',
      'event-unblock',
      'event-loss',
    ],
  },
  {
    term: 'id',
    aliases: ['connection id'],
    definition:
      'Sixteen hex digits, the same for all events of a connection, wherever it is seen and across restarts.',
    meaning: "It is made of the 5-tuple and the originator's initial sequence number.",
    see: ['field-community-id', 'iss'],
  },
  {
    term: 'src_ip',
    aliases: ['src'],
    definition: 'The address of the originator: who began. Of a scan or block: the source.',
    see: ['originator', 'field-dst-ip'],
  },
  {
    term: 'src_port',
    definition: "The originator's port, mostly ephemeral; of ICMP its type.",
    see: ['originator', 'ephemeral-port'],
  },
  {
    term: 'dst_ip',
    aliases: ['dst'],
    definition: 'The address of the responder: whom it went to. Of a scan: the victim.',
    see: ['responder', 'field-src-ip'],
  },
  {
    term: 'dst_port',
    definition:
      "The responder's port, which names the service; of ICMP its code or the answer's type.",
    see: ['responder'],
  },
  {
    term: 'proto',
    definition: 'The protocol: `tcp`, `udp` or `icmp`.',
    see: ['header-ip-protocol'],
  },
  {
    term: 'iface',
    aliases: ['interface'],
    definition: 'The interface that the first packet was seen on, by the name that it has now.',
    see: ['packetwatch-interface-info'],
  },
  {
    term: 'direction',
    definition: 'Which way the connection went, seen from this host.',
    see: ['value-inbound', 'value-outbound', 'value-local', 'value-forwarded', 'value-unknown'],
  },
  {
    term: 'community_id',
    aliases: ['community id'],
    definition:
      'A hash of the 5-tuple that other tools make as well, so that lines of both can be joined.',
    meaning: 'The same 5-tuple has the same for good: a port that is used again, too.',
    see: ['field-id', 'four-tuple'],
    source: 'Community ID v1, seed 0',
  },
  {
    term: 'pid',
    definition: "The process of this host's end; of the originator's when both ends are here.",
    see: ['field-process-from'],
  },
  {
    term: 'process',
    aliases: ['comm'],
    definition: 'The name of that process, as the kernel has it: at most 15 bytes.',
    see: ['field-pid', 'field-process-from'],
  },
  {
    term: 'process_from',
    definition: 'The call that told the process.',
    see: ['value-connect', 'value-listen', 'value-accept', 'value-close'],
  },
  {
    term: 'uid',
    definition: 'The user of the process, or of the socket, by number.',
    see: ['field-pid'],
  },
  {
    term: 'container',
    definition: 'The container that the process runs in: its id, from the cgroup.',
    see: ['field-pid'],
  },
  {
    term: 'resp_pid',
    aliases: ['resp_process', 'resp_process_from', 'resp_uid', 'resp_container'],
    definition: "The same of the responder's process, when both ends are on this host.",
    see: ['field-pid', 'field-process', 'field-process-from', 'field-uid', 'field-container'],
  },
  { term: 'host', aliases: ['hostname'], definition: 'The name of the host that tells.' },
  {
    term: 'start_ts',
    definition: 'When the connection began: its first SYN.',
    see: ['field-ts', 'field-duration-s'],
  },
  {
    term: 'rtt_us',
    aliases: ['rtt'],
    definition: 'The round-trip time in microseconds, smoothed.',
    see: ['round-trip-time'],
    source: 'RFC 6298',
  },
  {
    term: 'count',
    definition:
      'So many attempts stand in this line: the kernel summed them in a flood. Of a loss: so many events are missing.',
    see: ['syn-flood', 'field-refused'],
  },
  {
    term: 'refused',
    definition: 'How many of the summed attempts were refused.',
    see: ['field-count'],
  },
  {
    term: 'outcome',
    definition: 'How the connection ended.',
    see: ['outcome-ok', 'outcome-refused', 'outcome-timeout', 'outcome-reset', 'outcome-dropped'],
  },
  {
    term: 'error',
    aliases: ['errno'],
    definition: "The name of the errno that this host's socket ended with.",
    see: ['error-econnrefused', 'error-econnreset', 'error-etimedout', 'error-ehostunreach'],
  },
  {
    term: 'duration_s',
    aliases: ['duration'],
    definition: 'From the first SYN to this event, in seconds.',
    see: ['field-start-ts'],
  },
  {
    term: 'orig_bytes',
    definition: 'Payload that the originator sent, retransmissions not counted.',
    see: ['field-resp-bytes', 'originator'],
  },
  {
    term: 'resp_bytes',
    definition: 'Payload that the responder sent, retransmissions not counted.',
    see: ['field-orig-bytes', 'responder'],
  },
  {
    term: 'conn_state',
    aliases: ['connection state'],
    definition: "How the connection looks from outside, in one of Zeek's thirteen words.",
    see: [
      'conn-state-sf',
      'conn-state-s0',
      'conn-state-rej',
      'conn-state-rsto',
      'conn-state-rstr',
      'conn-state-s1',
      'conn-state-oth',
    ],
  },
  {
    term: 'history',
    definition:
      'What both ends sent, a letter each, in order: upper case the originator, lower case the responder.',
    meaning: '`ShADadFf` is a whole connection: SYN, SYN+ACK, ACK, data both ways, FIN both ways.',
    see: ['history-s', 'history-h', 'history-a', 'history-d', 'history-f', 'history-r'],
  },
  {
    term: 'retransmits',
    aliases: ['retr'],
    definition: 'Segments that were sent again.',
    meaning: 'More than some in a hundred: loss or congestion on the path.',
    see: ['retransmission'],
  },
  {
    term: 'kind',
    definition: 'What a scan goes over.',
    see: ['scan-vertical', 'scan-horizontal', 'scan-stealth', 'scan-udp', 'scan-slow'],
  },
  {
    term: 'technique',
    definition: 'With which segments a stealth scan goes.',
    see: [
      'scan-stealth',
      'technique-null',
      'technique-fin',
      'technique-xmas',
      'technique-odd-flags',
      'technique-fragments',
      'technique-ack',
    ],
  },
  {
    term: 'state',
    definition: 'Where in its life a scan is: `start`, `update` or `end`.',
    see: ['value-start', 'value-update', 'value-end'],
  },
  {
    term: 'end_reason',
    definition: 'Why a scan, or a flow, is told as ended.',
    see: [
      'end-idle-timeout',
      'end-active-timeout',
      'end-end-of-flow',
      'end-forced-end',
      'end-lack-of-resources',
    ],
    source: 'IPFIX, information element 136 (flowEndReason)',
  },
  {
    term: 'ports',
    definition: 'Ports of a scan, ascending; the first 64 that were tried.',
    see: ['verdict-port-count'],
  },
  {
    term: 'hosts',
    definition: 'How many of our addresses a scan touched, at least.',
    see: ['scan-horizontal'],
  },
  { term: 'evidence', definition: 'What a verdict rests on.', see: ['verdict-evidence'] },
  { term: 'blocked', definition: 'The source of the scan was blocked.', see: ['event-block'] },
  {
    term: 'rule',
    definition: 'Which rule gave the verdict; left out by the reference rule.',
    see: ['rule-weighted', 'rule-reference'],
  },
  {
    term: 'prefix_len',
    definition: '`src_ip` stands for a prefix of so many bits.',
    see: ['event-block'],
  },
  {
    term: 'until_ts',
    definition: 'When the block ends; left out when it has no end.',
    see: ['event-block'],
  },
  {
    term: 'reason',
    definition: 'Why a source was blocked.',
    see: ['reason-port-scan', 'reason-command'],
  },
  {
    term: 'where',
    definition: 'Where events were lost.',
    see: ['event-loss', 'loss-attempts', 'loss-sockets', 'loss-packets', 'loss-output'],
  },
  {
    term: 'plugin',
    definition: 'The plugin whose event it is; further fields are its own.',
    see: ['packetwatch-plugin-up'],
  },
  {
    term: 'runbook',
    definition: 'Of an alert: the command that explains it and says what to do.',
    meaning: 'Its last word is also the anchor in docs/glossary.md.',
    see: ['event-scan', 'event-block', 'event-loss'],
  },
]);
