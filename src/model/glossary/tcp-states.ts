import { type Entry, entries } from './entry.ts';

/** The states of RFC 9293, and two that only Linux has (include/net/tcp_states.h). */
export const TCP_STATES: readonly Entry[] = entries('TCP state', [
  {
    term: 'LISTEN',
    aliases: ['0A', 'state 10', 'listening'],
    definition: 'The socket waits for connections from anybody, at a local port.',
    meaning: 'A service is reachable there; it is no connection and is never told as one.',
    action:
      'A port that nobody should reach: find its process with `packetwatch sockets --listen`, bind it to loopback or end it.',
    see: ['accept-queue', 'syn-queue', 'state-syn-received'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'SYN-SENT',
    aliases: ['SYN_SENT', '02', 'state 2'],
    definition: 'A SYN was sent, and no answer came yet.',
    meaning: 'For milliseconds it is normal; for longer the SYN or its answer is lost or filtered.',
    action:
      'If it stays, see whether the SYN arrives at the other end (tcpdump there); a silent drop is a firewall or a wrong route, a dead host mostly answers by ICMP from its router.',
    see: ['conn-state-s0', 'outcome-timeout', 'state-syn-received', 'retransmission'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'SYN-RECEIVED',
    aliases: ['SYN_RECV', 'SYN-RCVD', '03', 'state 3', 'half-open', 'half open'],
    definition:
      'A SYN came in and was answered by SYN+ACK; the ACK that ends the handshake is awaited.',
    meaning:
      'Many of them from many addresses are a SYN flood or a lossy path; many from one address a half-open scan.',
    action:
      'See that net.ipv4.tcp_syncookies is 1; a scan shows as event `scan`; a full SYN queue as listen.pressure.',
    see: ['syn-queue', 'syn-flood', 'verdict-half-open', 'conn-state-s1'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'ESTABLISHED',
    aliases: ['ESTAB', '01', 'state 1'],
    definition: 'The handshake is complete: data may flow both ways.',
    meaning: 'The normal state of a connection that is in use, or idle.',
    action:
      'More than ever before: a client that never closes, or a pool that grows; `packetwatch watch --events connection.open` shows who opens them.',
    see: ['three-way-handshake', 'event-connection-open'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'FIN-WAIT-1',
    aliases: ['FIN_WAIT1', 'FIN_WAIT_1', '04', 'state 4'],
    definition: 'This end has closed and sent its FIN; the acknowledgement of it is awaited.',
    meaning:
      'It lasts a round trip; if it stays, the peer is gone, or its window is closed before the FIN.',
    action:
      'If many stay, see whether the peers read at all; net.ipv4.tcp_orphan_retries bounds them.',
    see: ['state-fin-wait-2', 'state-closing', 'four-way-close', 'zero-window'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'FIN-WAIT-2',
    aliases: ['FIN_WAIT2', 'FIN_WAIT_2', '05', 'state 5'],
    definition: "This end's FIN is acknowledged; the peer's FIN is awaited.",
    meaning: 'The peer has not closed yet; when it stays, the program at the other end forgot to.',
    action:
      'Look at the other end, where the connection is in CLOSE-WAIT. Linux gives an orphan up after net.ipv4.tcp_fin_timeout (60 s).',
    see: ['state-close-wait', 'half-close', 'conn-state-s2'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'CLOSE-WAIT',
    aliases: ['CLOSE_WAIT', '08', 'state 8'],
    definition: 'The peer has closed; the local program has not yet.',
    meaning:
      'Short ones are normal; a number that grows is a leak: the program read the end of the stream, or never reads, and keeps the socket.',
    action:
      'Find the process (`ss -tnp state close-wait`) and mend it: nothing in the kernel ends them.',
    see: ['state-last-ack', 'state-fin-wait-2', 'conn-state-s3'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'CLOSING',
    aliases: ['0B', 'state 11'],
    definition: 'Both ends have sent FIN at the same time; the acknowledgement of ours is awaited.',
    meaning: 'Rare and short: a simultaneous close.',
    see: ['simultaneous-close', 'state-time-wait'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'LAST-ACK',
    aliases: ['LAST_ACK', '09', 'state 9'],
    definition: 'The peer closed first, then this end; the acknowledgement of its FIN is awaited.',
    meaning:
      'It lasts a round trip; if it stays, that acknowledgement is lost or the peer is gone.',
    see: ['state-close-wait', 'four-way-close'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'TIME-WAIT',
    aliases: ['TIME_WAIT', '06', 'state 6', 'TW', '2MSL'],
    definition:
      'Both ends have closed; the end that closed first waits for late segments, so that they reach no later connection of the same 4-tuple.',
    meaning: 'Normal, and cheap: 60 s each on Linux. It is at the end that closed first.',
    action:
      'Only when a client runs out of ports towards one server (EADDRNOTAVAIL): reuse connections, or widen net.ipv4.ip_local_port_range. Leave tcp_tw_reuse at its default.',
    see: ['four-way-close', 'port-reuse', 'state-closed'],
    source: 'RFC 9293, 3.3.2 and 3.6.1',
  },
  {
    term: 'CLOSED',
    aliases: ['CLOSE', '07', 'state 7', 'TCP_CLOSE'],
    definition: 'There is no connection: before the first segment and after the last.',
    meaning: 'A segment that comes in this state is answered by RST.',
    see: ['flag-rst', 'event-connection-close'],
    source: 'RFC 9293, 3.3.2',
  },
  {
    term: 'NEW_SYN_RECV',
    aliases: ['0C', 'state 12'],
    definition:
      "Linux's own: a request in the SYN queue that has no socket yet; seen from outside it is SYN-RECEIVED.",
    see: ['state-syn-received', 'syn-queue'],
    source: 'Linux, include/net/tcp_states.h',
  },
  {
    term: 'BOUND_INACTIVE',
    aliases: ['0D', 'state 13'],
    definition:
      "Linux's own, since 6.8, in what it tells of sockets only: a socket with a local port that neither listens nor is connected.",
    see: ['state-closed', 'state-listen'],
    source: 'Linux, include/net/tcp_states.h',
  },
]);
