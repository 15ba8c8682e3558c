import { type Entry, entries } from './entry.ts';

/** Fields of TCP, its options, UDP and ICMP. */
export const TRANSPORT_HEADERS: readonly Entry[] = entries('header field', [
  {
    term: 'source port',
    aliases: ['sport'],
    definition:
      'The port of the sender, 16 bits; a client takes an ephemeral one for each connection.',
    see: ['field-src-port', 'ephemeral-port', 'four-tuple'],
    source: 'RFC 9293, 3.1',
  },
  {
    term: 'destination port',
    aliases: ['dport'],
    definition: 'The port of the receiver, 16 bits; at the responder it names the service.',
    see: ['field-dst-port', 'scan-vertical'],
    source: 'RFC 9293, 3.1',
  },
  {
    term: 'sequence number',
    aliases: ['seq', 'SEG.SEQ'],
    definition:
      "The number of the segment's first byte, modulo 2^32; a SYN and a FIN count as one byte.",
    see: ['iss', 'snd-nxt', 'rcv-nxt'],
    source: 'RFC 9293, 3.4',
  },
  {
    term: 'acknowledgment number',
    aliases: ['ack number', 'acknowledgement number', 'SEG.ACK'],
    definition: 'The sequence number that the sender expects next, where the ACK flag is set.',
    see: ['rcv-nxt', 'flag-ack', 'duplicate-ack'],
    source: 'RFC 9293, 3.4',
  },
  {
    term: 'data offset',
    aliases: ['TCP header length', 'doff'],
    definition: 'The length of the TCP header in words of 4 bytes, 5 to 15.',
    meaning: 'Less than 5 is malformed: such a SYN is no attempt.',
    see: ['header-tcp-options', 'packetwatch-packets-malformed-total'],
    source: 'RFC 9293, 3.1',
  },
  {
    term: 'window',
    aliases: ['SEG.WND', 'advertised window', 'flow control'],
    definition:
      'How many bytes the sender of the segment takes from its acknowledgment number on; to be shifted by the window scale, but not in a SYN.',
    meaning: 'The receiver tells so how fast it reads: flow control.',
    see: ['receive-window', 'header-window-scale', 'zero-window', 'snd-wnd'],
    source: 'RFC 9293, 3.1; RFC 7323, 2',
  },
  {
    term: 'checksum',
    aliases: ['TCP checksum', 'UDP checksum', 'bad checksum', 'checksum offload'],
    definition:
      "The ones' complement sum of the pseudo header, the header and the payload; UDP over IPv4 may leave it 0.",
    meaning:
      'Wrong ones in packets that the capturing host sent itself are mostly offload: its network card fills them in later.',
    action:
      'Capture at the receiver, or switch offload off (`ethtool -K IFACE tx off`), before you blame the path.',
    see: ['pseudo-header', 'history-c'],
    source: 'RFC 9293, 3.1; RFC 1071',
  },
  {
    term: 'urgent pointer',
    aliases: ['SEG.UP'],
    definition:
      'Where urgent data ends, counted from the sequence number, where the URG flag is set.',
    see: ['flag-urg'],
    source: 'RFC 9293, 3.1; RFC 6093',
  },
  {
    term: 'TCP options',
    aliases: ['options', 'TCP option'],
    definition: 'Up to 40 bytes behind the TCP header: most are agreed on in the SYNs.',
    see: [
      'header-mss',
      'header-window-scale',
      'header-sack',
      'header-timestamps',
      'header-fast-open',
    ],
    source: 'RFC 9293, 3.2',
  },
  {
    term: 'MSS',
    aliases: ['maximum segment size'],
    definition:
      'Maximum segment size: the most payload that the sender of the SYN takes in one segment.',
    meaning:
      'Mostly the MTU less 40 (IPv4) or 60 (IPv6); less is a tunnel, or a router that clamps it.',
    action:
      'Connections that open and then hang at the first large answer: a lower MTU on the way and ICMP filtered.',
    see: ['mtu', 'header-tcp-options'],
    source: 'RFC 9293, 3.7.1',
  },
  {
    term: 'window scale',
    aliases: ['WSopt', 'wscale', 'window scaling'],
    definition:
      'By how many bits, 0 to 14, the window of all later segments is to be shifted left.',
    meaning:
      'It holds only if both SYNs have it; without it no more than 65,535 bytes are in flight.',
    see: ['header-window', 'snd-wnd'],
    source: 'RFC 7323, 2',
  },
  {
    term: 'SACK',
    aliases: ['selective acknowledgment', 'SACK permitted', 'selective acknowledgement'],
    definition:
      'Selective acknowledgment: which bytes beyond the acknowledgment number have arrived.',
    meaning: 'Blocks in it say that something before them is missing.',
    see: ['duplicate-ack', 'retransmission', 'out-of-order'],
    source: 'RFC 2018',
  },
  {
    term: 'timestamps',
    aliases: ['TSopt', 'TSval', 'TSecr', 'PAWS'],
    definition:
      'A clock value of the sender and the last one of its peer: round trips are measured by it, and old segments recognised.',
    see: ['round-trip-time'],
    source: 'RFC 7323, 3',
  },
  {
    term: 'fast open',
    aliases: ['TFO', 'TCP fast open'],
    definition: 'A cookie with which a known client may send data already with its SYN.',
    see: ['three-way-handshake'],
    source: 'RFC 7413',
  },
  {
    term: 'UDP length',
    aliases: ['datagram length'],
    definition: 'Header and payload of the datagram in bytes, 8 at least.',
    see: ['udp'],
    source: 'RFC 768',
  },
  {
    term: 'ICMP type',
    aliases: ['type'],
    definition:
      'What an ICMP message is: 3 unreachable, 8 and 0 echo, 11 time exceeded; ICMPv6 has numbers of its own.',
    see: ['icmp', 'header-icmp-code', 'zeek-id-orig-p'],
    source: 'RFC 792; RFC 4443',
  },
  {
    term: 'ICMP code',
    aliases: ['code'],
    definition:
      'The case within an ICMP type: of unreachable 0 is the net, 1 the host, 3 the port, 13 a filter.',
    see: ['icmp-destination-unreachable', 'header-icmp-type'],
    source: 'RFC 792; RFC 4443',
  },
]);
