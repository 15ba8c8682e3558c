import { type Entry, entries } from './entry.ts';

const SOURCE = 'Zeek, conn.log: history';

/** The letters of a history: upper case is the originator's, lower case the responder's. */
export const HISTORY: readonly Entry[] = entries('history letter', [
  {
    term: 'S',
    aliases: ['history S'],
    definition: 'A SYN without ACK.',
    meaning: 's, of the responder, is a simultaneous open.',
    see: ['flag-syn', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'H',
    aliases: ['history H'],
    definition: 'A SYN with ACK: the answer of the handshake.',
    see: ['three-way-handshake', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'A',
    aliases: ['history A'],
    definition: 'A pure acknowledgement: ACK without payload.',
    see: ['flag-ack', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'D',
    aliases: ['history D'],
    definition: 'A packet with payload.',
    see: ['field-orig-bytes', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'F',
    aliases: ['history F'],
    definition: 'A packet with FIN.',
    see: ['flag-fin', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'R',
    aliases: ['history R'],
    definition: 'A packet with RST.',
    see: ['flag-rst', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'C',
    aliases: ['history C'],
    definition:
      'A packet with a bad checksum, which counts for nothing else. Each further letter stands for ten times as many.',
    see: ['header-checksum', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'G',
    aliases: ['history G', 'content gap'],
    definition: 'A gap: the other end acknowledged bytes of this one that were not captured.',
    meaning:
      'The capture lost packets, not the connection. Each further letter stands for ten times as many.',
    see: ['zeek-missed-bytes', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'T',
    aliases: ['history T'],
    definition: 'A retransmission of payload. Each further letter stands for ten times as many.',
    see: ['retransmission', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'W',
    aliases: ['history W'],
    definition:
      'A window of zero: this end takes no more data. Each further letter stands for ten times as many.',
    see: ['zero-window', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'I',
    aliases: ['history I', 'inconsistent packet'],
    definition: 'An inconsistent packet: FIN and RST together, for example.',
    see: ['technique-odd-flags', 'field-history'],
    source: SOURCE,
  },
  {
    term: 'Q',
    aliases: ['history Q', 'multi-flag packet'],
    definition: 'A packet with several of SYN, FIN and RST that no peer sends.',
    meaning: 'A probe of some scanner, or a broken stack.',
    see: ['technique-odd-flags', 'field-history'],
    source: SOURCE,
  },
  {
    term: '^',
    aliases: ['history ^', 'flipped'],
    definition: 'The first packet seen was taken for one of the responder: both ends were swapped.',
    see: ['originator', 'field-history'],
    source: SOURCE,
  },
]);
