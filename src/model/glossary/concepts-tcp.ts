import { type Entry, entries } from './entry.ts';

/** How TCP works, as an operator meets it. */
export const TCP_CONCEPTS: readonly Entry[] = entries('concept', [
  {
    term: 'TCP',
    aliases: ['transmission control protocol'],
    definition:
      'Transmission Control Protocol: a reliable stream of bytes between two ports, with flow control.',
    see: ['three-way-handshake', 'four-way-close', 'control-block'],
    source: 'RFC 9293',
  },
  {
    term: 'control block',
    aliases: ['TCB', 'transmission control block'],
    definition: 'What an end remembers of a connection: sequence numbers, windows, state.',
    see: [
      'snd-una',
      'snd-nxt',
      'snd-wnd',
      'snd-up',
      'snd-wl1',
      'snd-wl2',
      'iss',
      'rcv-nxt',
      'rcv-wnd',
      'rcv-up',
      'irs',
      'field-tcb',
    ],
    source: 'RFC 9293, 3.3.1',
  },
  {
    term: 'originator',
    aliases: ['client', 'initiator'],
    definition: 'The end that began the connection: it sent the first SYN, or the first packet.',
    see: ['responder', 'history-caret'],
  },
  {
    term: 'responder',
    aliases: ['server'],
    definition: 'The end that the connection was begun to.',
    see: ['originator'],
  },
  {
    term: 'four-tuple',
    aliases: ['4-tuple', '5-tuple', 'five-tuple'],
    definition:
      'Both addresses and both ports; with the protocol the 5-tuple. At one time it names one connection.',
    see: ['port-reuse', 'field-community-id', 'field-id'],
  },
  {
    term: 'ephemeral port',
    aliases: ['local port range'],
    definition: 'The port that a client gets for one connection, on Linux 32,768 to 60,999.',
    meaning:
      'So many connections, open or in TIME-WAIT, can a client have to one port of one server.',
    see: ['state-time-wait', 'error-eaddrnotavail'],
    source: 'RFC 6335',
  },
  {
    term: 'port reuse',
    definition:
      'A new connection with the 4-tuple of an old one: another initial sequence number tells them apart.',
    see: ['four-tuple', 'iss', 'state-time-wait'],
    source: 'RFC 9293, 3.6.1',
  },
  {
    term: 'three-way handshake',
    aliases: ['handshake', '3-way handshake'],
    definition:
      'SYN, SYN+ACK, ACK: both ends agree on initial sequence numbers and options, and the connection is established.',
    see: ['flag-syn', 'state-syn-sent', 'state-syn-received', 'state-established'],
    source: 'RFC 9293, 3.5',
  },
  {
    term: 'four-way close',
    aliases: ['4-way close', 'orderly close'],
    definition: 'FIN and its ACK, each way: each end says that it has no more data.',
    see: ['flag-fin', 'state-fin-wait-1', 'state-close-wait', 'state-last-ack', 'state-time-wait'],
    source: 'RFC 9293, 3.6',
  },
  {
    term: 'half close',
    definition: 'One end has sent its FIN and still receives; the other goes on sending.',
    meaning: 'Normal for some protocols (rsh, some proxies); long ones are mostly a leak.',
    see: ['state-fin-wait-2', 'state-close-wait'],
    source: 'RFC 9293, 3.6',
  },
  {
    term: 'simultaneous open',
    definition:
      'Both ends send a SYN to each other before either arrives; it makes one connection.',
    meaning: 'Rare: peers that get through NAT do so on purpose.',
    see: ['state-syn-sent', 'state-syn-received'],
    source: 'RFC 9293, 3.5, figure 7',
  },
  {
    term: 'simultaneous close',
    definition: 'Both ends send FIN before either arrives; both pass through CLOSING to TIME-WAIT.',
    see: ['state-closing', 'state-time-wait'],
    source: 'RFC 9293, 3.6, figure 13',
  },
  {
    term: 'retransmission',
    aliases: ['retransmit', 'RTO', 'retransmissions'],
    definition:
      'A segment is sent again, since it was not acknowledged in time, or duplicate ACKs say that it is missing.',
    meaning: 'Some in a thousand are normal; some in a hundred make a connection slow.',
    action:
      'Compare paths and times of day: one peer is its path, all peers are the own link or host (`ip -s link`, `ethtool -S`).',
    see: ['history-t', 'duplicate-ack', 'round-trip-time'],
    source: 'RFC 6298; RFC 5681, 3.2',
  },
  {
    term: 'duplicate ACK',
    aliases: ['dupack', 'fast retransmit'],
    definition:
      'The same acknowledgement again, without payload or news of the window: something came after a gap.',
    meaning: 'The third one makes the sender repeat what is missing at once.',
    see: ['retransmission', 'header-sack', 'out-of-order'],
    source: 'RFC 5681, 2',
  },
  {
    term: 'out of order',
    aliases: ['reordering'],
    definition: 'A segment arrives after one that was sent later.',
    meaning: 'Packets of the connection take several paths, or queues of a network card.',
    see: ['duplicate-ack'],
  },
  {
    term: 'zero window',
    aliases: ['window full', 'zero-window'],
    definition: 'The receiver takes no more data: its program does not read what waits.',
    action:
      'Look at the process of the end that offers it: it is the one that is slow, not the network.',
    see: ['header-window', 'receive-queue', 'history-w'],
    source: 'RFC 9293, 3.8.6',
  },
  {
    term: 'receive window',
    aliases: ['rwnd', 'receiver window'],
    definition: 'What the receiver takes beyond what it has acknowledged: flow control.',
    see: ['header-window', 'rcv-wnd', 'congestion-window'],
    source: 'RFC 5681, 2',
  },
  {
    term: 'congestion window',
    aliases: ['cwnd'],
    definition:
      'What the sender lets be in flight, so as not to flood the path: it grows with each acknowledgement and shrinks with each loss.',
    meaning: 'The lesser of it and the receive window is in flight.',
    see: ['slow-start', 'receive-window', 'initial-window'],
    source: 'RFC 5681, 2',
  },
  {
    term: 'slow start',
    aliases: ['ssthresh'],
    definition:
      'The congestion window begins small and doubles with each round trip, until a loss or a threshold.',
    meaning: 'Short transfers never get beyond it: their time is round trips, not bandwidth.',
    see: ['congestion-window', 'initial-window'],
    source: 'RFC 5681, 3.1',
  },
  {
    term: 'initial window',
    aliases: ['IW', 'IW10', 'initcwnd'],
    definition: 'What is sent before the first acknowledgement of data: ten segments on Linux.',
    see: ['slow-start'],
    source: 'RFC 6928',
  },
  {
    term: 'round-trip time',
    aliases: ['RTT', 'latency'],
    definition: 'From a segment to its acknowledgement.',
    meaning: 'Its least is distance, what comes on top are queues.',
    see: ['header-timestamps', 'field-rtt-us'],
    source: 'RFC 6298',
  },
  {
    term: 'keepalive',
    aliases: ['TCP keepalive'],
    definition:
      'An empty segment on an idle connection that makes the peer answer: after 2 hours on Linux, unless the program asks for less.',
    meaning: 'Firewalls forget idle connections much sooner: hence hangs after a pause.',
    see: ['error-etimedout'],
    source: 'RFC 9293, 3.8.4',
  },
  {
    term: 'pseudo header',
    aliases: ['checksum pseudo header'],
    definition:
      'Both addresses, protocol and length, which count into the checksum of TCP and UDP, though they are not sent with it.',
    see: ['header-checksum'],
    source: 'RFC 9293, 3.1; RFC 8200, 8.1',
  },
  {
    term: 'backscatter',
    definition:
      "Answers to packets that somebody forged in this host's name: SYN+ACK, RST or ICMP that nobody asked for.",
    meaning: 'Somebody else is under attack; it is no scan.',
    see: ['syn-flood', 'technique-ack'],
  },
  {
    term: 'SYN flood',
    aliases: ['flood', 'SYN cookies', 'syncookies'],
    definition: 'So many SYNs, mostly forged, that a listener has no room for honest ones.',
    meaning: 'Attempts rise while openings do not; lines with `count` are sums of it.',
    action:
      'Leave net.ipv4.tcp_syncookies at 1; filter upstream, since the sources are not real and blocking them shuts out others.',
    see: ['syn-queue', 'state-syn-received', 'packetwatch-connections-summed-total'],
    source: 'RFC 4987',
  },
  {
    term: 'asymmetric path',
    aliases: ['asymmetric routing', 'one-way traffic'],
    definition: 'Packets of one connection go one way out and another way back.',
    meaning: 'Who sees only one of them sees half of a connection: S0 with data, SH, RSTOS0.',
    action: 'Capture at the ends, or at both ways.',
    see: ['conn-state-sh', 'conn-state-rstos0', 'midstream-connection'],
  },
  {
    term: 'midstream connection',
    definition:
      'A connection whose begin was not seen, since it is older than the capture or the program.',
    meaning: 'Who began it is guessed, by ports that are known or less.',
    see: ['conn-state-oth', 'originator'],
  },
]);
