import { type Entry, entries } from './entry.ts';

const SOURCE = 'Zeek, conn.log: conn_state';

/** How a connection looks from outside, with Zeek's names. */
export const CONN_STATES_EXPLAINED: readonly Entry[] = entries('conn_state', [
  {
    term: 'S0',
    definition: 'A connection attempt was seen, and no reply.',
    meaning:
      'The SYN was dropped on the way or by the responder: a filter, a dead host, a full queue, or a scan of such.',
    action:
      'One source with many ports or hosts: a scan. Many sources with one port: the service or its filter is down.',
    see: ['outcome-timeout', 'outcome-dropped', 'state-syn-sent'],
    source: SOURCE,
  },
  {
    term: 'S1',
    definition: 'The connection was established and is not over; byte counts are those so far.',
    meaning:
      'At an end: it went silent without FIN or RST, its handshake stopped after SYN+ACK, or the capture ended.',
    see: ['state-established', 'end-idle-timeout', 'end-forced-end'],
    source: SOURCE,
  },
  {
    term: 'SF',
    definition: 'Normal: established, and closed by a FIN of each end.',
    see: ['four-way-close', 'outcome-ok'],
    source: SOURCE,
  },
  {
    term: 'REJ',
    aliases: ['rejected'],
    definition: 'The attempt was rejected: RST in answer to the SYN.',
    meaning: 'Nothing listens on that port, or a firewall says so.',
    action:
      'A client of yours: is the service down, or the port wrong? One source, many ports: a scan.',
    see: ['outcome-refused', 'flag-rst', 'verdict-closed'],
    source: SOURCE,
  },
  {
    term: 'S2',
    definition:
      'Established, and closed by the originator alone; the responder never answered with its FIN.',
    meaning: 'The responder keeps its side open (CLOSE-WAIT there), or its FIN was not seen.',
    see: ['state-close-wait', 'state-fin-wait-2', 'half-close'],
    source: SOURCE,
  },
  {
    term: 'S3',
    definition:
      'Established, and closed by the responder alone; the originator never answered with its FIN.',
    meaning: 'The client leaks the connection, or went away.',
    see: ['state-close-wait', 'half-close'],
    source: SOURCE,
  },
  {
    term: 'RSTO',
    definition: 'Established, and the originator cut it by RST.',
    meaning:
      'The client gave up, crashed, or closed with data unread; right after SYN+ACK it is a half-open scan or a health check.',
    see: ['flag-rst', 'verdict-half-open', 'health-check'],
    source: SOURCE,
  },
  {
    term: 'RSTR',
    definition: 'The responder cut it by RST after it had answered.',
    meaning:
      'The server crashed, closed with data unread, or has a limit; a load balancer whose backend went away does so, too.',
    action: "Look into the service's log at that time, and at its accept queue.",
    see: ['flag-rst', 'event-connection-reset', 'accept-queue'],
    source: SOURCE,
  },
  {
    term: 'RSTOS0',
    definition:
      'The originator sent a SYN and then an RST; the responder was never seen to answer.',
    meaning: 'A half-open scan of which only one way was captured, or a client that gave up.',
    see: ['conn-state-rsto', 'asymmetric-path'],
    source: SOURCE,
  },
  {
    term: 'RSTRH',
    definition: 'The responder sent SYN+ACK and then RST; no SYN of the originator was seen.',
    meaning: 'One way of the traffic is missing, or it is backscatter.',
    see: ['backscatter', 'asymmetric-path'],
    source: SOURCE,
  },
  {
    term: 'SH',
    definition:
      'The originator sent a SYN and then a FIN; the responder was never seen to answer: half-open from its side.',
    meaning: 'Only one way of the traffic was captured.',
    see: ['asymmetric-path'],
    source: SOURCE,
  },
  {
    term: 'SHR',
    definition: 'The responder sent SYN+ACK and then FIN; no SYN of the originator was seen.',
    meaning: 'Only one way of the traffic was captured.',
    see: ['asymmetric-path'],
    source: SOURCE,
  },
  {
    term: 'OTH',
    aliases: ['midstream'],
    definition:
      'No SYN was seen, only traffic in the middle of a connection that was not closed then.',
    meaning: 'The connection is older than the capture, or than the program.',
    see: ['midstream-connection'],
    source: SOURCE,
  },
]);
