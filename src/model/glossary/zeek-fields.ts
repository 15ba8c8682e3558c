import { type Entry, entries } from './entry.ts';

/** Fields of `-o zeek`, as in Zeek's conn.log. */
export const ZEEK_FIELDS: readonly Entry[] = entries('Zeek field', [
  {
    term: 'ts',
    definition: 'When the first packet came, seconds since 1970.',
    see: ['field-start-ts'],
  },
  {
    term: 'uid',
    definition: 'A name of the connection that is the same in all logs of one run.',
    see: ['field-id'],
  },
  {
    term: 'id.orig_h',
    aliases: ['orig_h'],
    definition: "The originator's address.",
    see: ['field-src-ip', 'originator'],
  },
  {
    term: 'id.orig_p',
    aliases: ['orig_p'],
    definition: "The originator's port; of ICMP the message's type.",
    see: ['field-src-port', 'header-icmp-type'],
  },
  {
    term: 'id.resp_h',
    aliases: ['resp_h'],
    definition: "The responder's address.",
    see: ['field-dst-ip', 'responder'],
  },
  {
    term: 'id.resp_p',
    aliases: ['resp_p'],
    definition: "The responder's port; of ICMP the answer's type, or the code.",
    see: ['field-dst-port', 'header-icmp-code'],
  },
  { term: 'proto', definition: 'tcp, udp, icmp or unknown_transport.', see: ['field-proto'] },
  {
    term: 'service',
    definition: 'The protocol that was recognised by its content, such as dns, http, ssh or ssl.',
    see: ['tls', 'http', 'dns'],
  },
  {
    term: 'duration',
    definition: 'From the first to the last packet, seconds.',
    meaning: 'Of a close by both ends the last acknowledgement is not in it.',
    see: ['field-duration-s'],
  },
  {
    term: 'orig_bytes',
    definition: 'Payload that the originator sent: of TCP by sequence numbers.',
    see: ['field-orig-bytes'],
  },
  {
    term: 'resp_bytes',
    definition: 'Payload that the responder sent: of TCP by sequence numbers.',
    see: ['field-resp-bytes'],
  },
  {
    term: 'conn_state',
    definition: 'How the connection looks from outside.',
    see: ['field-conn-state', 'conn-state-sf'],
  },
  {
    term: 'local_orig',
    definition: 'T when the originator is in a local network.',
    see: ['field-direction'],
  },
  {
    term: 'local_resp',
    definition: 'T when the responder is in a local network.',
    see: ['field-direction'],
  },
  {
    term: 'missed_bytes',
    definition: 'Bytes that were acknowledged but not captured.',
    meaning: 'More than 0: the capture lost packets, and what is made of content may be wrong.',
    see: ['history-g'],
  },
  {
    term: 'history',
    definition: 'What both ends sent, a letter each.',
    see: ['field-history', 'history-s'],
  },
  {
    term: 'orig_pkts',
    definition: 'Packets that the originator sent.',
    see: ['zeek-orig-ip-bytes'],
  },
  {
    term: 'orig_ip_bytes',
    definition: 'Bytes of these by the length in their IP headers.',
    see: ['header-total-length'],
  },
  {
    term: 'resp_pkts',
    definition: 'Packets that the responder sent.',
    see: ['zeek-resp-ip-bytes'],
  },
  {
    term: 'resp_ip_bytes',
    definition: 'Bytes of these by the length in their IP headers.',
    see: ['header-total-length'],
  },
  {
    term: 'tunnel_parents',
    definition: 'The uids of the tunnels over UDP that the connection was in.',
    see: ['tunnel', 'field-tunnel-parents'],
  },
  { term: 'ip_proto', definition: 'The number of the IP protocol.', see: ['header-ip-protocol'] },
]);
