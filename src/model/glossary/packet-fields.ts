import { type Entry, entries } from './entry.ts';

/** Fields of an end that only packets tell, and their values. */
export const PACKET_FIELDS: readonly Entry[] = [
  ...entries('JSON field', [
    {
      term: 'orig_packets',
      definition: 'Packets that the originator sent.',
      see: ['field-resp-packets', 'originator'],
    },
    {
      term: 'resp_packets',
      definition: 'Packets that the responder sent.',
      see: ['field-orig-packets', 'responder'],
    },
    {
      term: 'orig_ip_bytes',
      definition: "Bytes of the originator's packets, from the IP header on.",
      see: ['header-total-length', 'field-orig-bytes'],
    },
    {
      term: 'resp_ip_bytes',
      definition: "Bytes of the responder's packets, from the IP header on.",
      see: ['header-total-length', 'field-resp-bytes'],
    },
    {
      term: 'missed_bytes',
      definition: 'Bytes that were acknowledged but not captured.',
      meaning: 'More than 0: the capture lost packets, not the connection.',
      action: 'Capture with a larger buffer (`tcpdump -B`), a filter, or a longer snapshot length.',
      see: ['history-g', 'snapshot-length'],
    },
    {
      term: 'out_of_order',
      definition: 'Segments that came after later ones and are no retransmission.',
      see: ['out-of-order'],
    },
    {
      term: 'duplicate_acks',
      definition:
        'How often the same acknowledgement came again: something before what arrived is missing.',
      see: ['duplicate-ack'],
    },
    {
      term: 'zero_windows',
      definition: 'How often an end offered a window of 0: its program did not read.',
      see: ['zero-window'],
    },
    {
      term: 'forms',
      definition: 'How the connection began and ended, if not in the usual way.',
      see: [
        'value-simultaneous-open',
        'value-simultaneous-close',
        'value-half-close',
        'value-midstream',
        'value-flipped',
      ],
    },
    { term: 'vlan', definition: 'The outermost VLAN tag of its packets.', see: ['vlan'] },
    {
      term: 'tunnel',
      definition: 'What its packets were wrapped in, innermost.',
      see: [
        'tunnel',
        'value-ip',
        'value-gre',
        'value-vxlan',
        'value-geneve',
        'value-teredo',
        'value-gtp',
      ],
    },
    { term: 'tunnel_depth', definition: 'In how many tunnels its packets were.', see: ['tunnel'] },
  ]),
  ...entries('value', [
    {
      term: 'simultaneous open',
      definition: 'Both ends sent their SYN before they got that of the other.',
      see: ['simultaneous-open', 'field-forms'],
    },
    {
      term: 'simultaneous close',
      definition: 'Both ends sent their FIN before they got that of the other.',
      see: ['simultaneous-close', 'field-forms'],
    },
    {
      term: 'half close',
      definition: 'One end had closed, and the other went on sending.',
      see: ['half-close', 'field-forms'],
    },
    {
      term: 'midstream',
      definition: 'The begin of the connection was not captured.',
      see: ['midstream-connection', 'field-forms'],
    },
    {
      term: 'flipped',
      definition: 'The first packet seen was of the responder: both ends were swapped.',
      see: ['history-caret', 'field-forms'],
    },
    {
      term: 'ip',
      aliases: ['IP in IP', 'IPIP', '6in4'],
      definition: 'A tunnel: an IP packet in an IP packet, protocol 4 or 41.',
      see: ['tunnel'],
      source: 'RFC 2003; RFC 4213',
    },
    {
      term: 'gre',
      definition: 'A tunnel: generic routing encapsulation, IP protocol 47.',
      see: ['tunnel'],
      source: 'RFC 2784',
    },
    {
      term: 'vxlan',
      definition: 'A tunnel: Ethernet in UDP, port 4789, between hosts of a cloud or cluster.',
      see: ['tunnel'],
      source: 'RFC 7348',
    },
    {
      term: 'geneve',
      definition: 'A tunnel: as VXLAN but with options, UDP port 6081.',
      see: ['tunnel'],
      source: 'RFC 8926',
    },
    {
      term: 'teredo',
      definition: 'A tunnel: IPv6 in UDP over IPv4, port 3544.',
      meaning: 'On a server it is unexpected: it passes filters that know IPv4 only.',
      see: ['tunnel'],
      source: 'RFC 4380',
    },
    {
      term: 'gtp',
      aliases: ['gtpv1'],
      definition: 'A tunnel: the user plane of mobile networks, UDP port 2152.',
      see: ['tunnel'],
      source: '3GPP TS 29.281',
    },
    {
      term: 'ayiya',
      definition: 'A tunnel: IPv6 to who had none, by way of a tunnel broker, UDP port 5072.',
      see: ['tunnel'],
      source: 'draft-massar-v6ops-ayiya',
    },
  ]),
];
