import { type Entry, entries } from './entry.ts';

/** The control bits of a TCP header. */
export const TCP_FLAGS: readonly Entry[] = entries('TCP flag', [
  {
    term: 'CWR',
    aliases: ['congestion window reduced', '0x80'],
    definition: 'Congestion window reduced: the sender has heeded an ECE.',
    meaning: 'With SYN and ECE it only offers ECN.',
    see: ['flag-ece', 'congestion-window'],
    source: 'RFC 3168, 6.1',
  },
  {
    term: 'ECE',
    aliases: ['ECN echo', '0x40'],
    definition:
      'ECN echo: a router marked a packet instead of dropping it, and its receiver says so.',
    meaning: 'Congestion on the way, without loss so far.',
    see: ['flag-cwr', 'header-ecn'],
    source: 'RFC 3168, 6.1',
  },
  {
    term: 'URG',
    aliases: ['urgent', '0x20'],
    definition: 'The urgent pointer counts: data up to there is urgent.',
    meaning: 'Seldom used but by telnet; with FIN and PSH and without ACK it is an Xmas scan.',
    see: ['header-urgent-pointer', 'technique-xmas', 'snd-up'],
    source: 'RFC 9293, 3.1',
  },
  {
    term: 'ACK',
    aliases: ['acknowledgment', 'acknowledgement', '0x10'],
    definition:
      'The acknowledgment number counts: everything before it has arrived. Every segment but the first SYN and some RSTs has it.',
    meaning:
      'An ACK to an end that knows no connection is answered by RST; many such are an ACK scan.',
    see: ['header-acknowledgment-number', 'technique-ack', 'duplicate-ack'],
    source: 'RFC 9293, 3.1',
  },
  {
    term: 'PSH',
    aliases: ['push', '0x08'],
    definition:
      'Push: the receiver should hand what it has to the program without waiting for more.',
    meaning: 'It marks the end of most writes, and tells nothing else.',
    source: 'RFC 9293, 3.1',
  },
  {
    term: 'RST',
    aliases: ['reset', '0x04'],
    definition: 'Reset: there is no such connection, or there shall be none any more, at once.',
    meaning:
      'In answer to a SYN: the port is closed. Later: a program closed with data unread, crashed, or something on the way cut the connection.',
    action:
      'See which end sent it: conn_state RSTO is the originator, RSTR the responder; a middlebox sends them with another TTL than the end itself.',
    see: ['conn-state-rsto', 'conn-state-rstr', 'conn-state-rej', 'event-connection-reset'],
    source: 'RFC 9293, 3.5.2',
  },
  {
    term: 'SYN',
    aliases: ['synchronize', '0x02'],
    definition: 'Synchronize: the first segment of an end; it carries the initial sequence number.',
    meaning: 'SYN without ACK is an attempt, SYN with ACK the answer to one.',
    see: ['event-connection-attempt', 'three-way-handshake', 'iss'],
    source: 'RFC 9293, 3.1',
  },
  {
    term: 'FIN',
    aliases: ['finish', '0x01'],
    definition: 'Finish: the sender has no more data; it still receives.',
    meaning:
      'One of each end is an orderly close; FIN alone to a port without a connection is a FIN scan.',
    see: ['four-way-close', 'half-close', 'technique-fin'],
    source: 'RFC 9293, 3.6',
  },
]);
