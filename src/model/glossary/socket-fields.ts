import { type Entry, entries } from './entry.ts';

/** Fields of `packetwatch sockets` and `top`, and their values. */
export const SOCKET_FIELDS: readonly Entry[] = [
  ...entries('socket field', [
    {
      term: 'listeners',
      definition: 'Local addresses and ports that are listened on, those in trouble first.',
      see: ['state-listen', 'socket-sockets'],
    },
    {
      term: 'connections',
      aliases: ['conns'],
      definition:
        'Ends of connections on this host; of a listener how many there are to it, of a process how many it has.',
      meaning: 'Without TIME-WAIT, and without handshakes, which are in a SYN queue.',
      see: ['socket-share', 'socket-syn-queue'],
    },
    {
      term: 'left_out',
      definition:
        'Connections that pass the filter and stand not there: only so many were asked for.',
    },
    {
      term: 'counters',
      definition: 'What the network namespace has counted since it was made.',
      see: ['socket-listen-overflows', 'socket-segments-retransmitted'],
      source: '/proc/net/netstat, /proc/net/snmp',
    },
    {
      term: 'settings',
      definition: 'The sysctls that bound the queues of listeners.',
      see: ['socket-somaxconn', 'socket-tcp-max-syn-backlog', 'socket-tcp-syncookies'],
    },
    {
      term: 'owners',
      definition: 'The processes that have a descriptor of the socket now, at most 16, by pid.',
      meaning: "None: the process is another user's, the kernel's, or outside of the container.",
      action: 'Ask as root.',
      see: ['socket-owner-count', 'socket-without-owner'],
      source: '/proc/PID/fd',
    },
    { term: 'owner_count', definition: 'How many processes have a descriptor of the socket.' },
    {
      term: 'hidden_processes',
      definition: 'Processes whose descriptors could not be read: they are of other users.',
      action: 'Ask as root.',
    },
    {
      term: 'unknown_sockets',
      definition: 'Sockets that have a descriptor, of no process that could be seen.',
      see: ['socket-hidden-processes'],
    },
    {
      term: 'ip',
      definition: 'The address that is listened on; `0.0.0.0` and `::` are all of this host.',
      see: ['socket-v6-only'],
    },
    { term: 'port', definition: 'The port that is listened on.', see: ['state-listen'] },
    {
      term: 'v6_only',
      definition: 'The socket takes no IPv4 connections (IPV6_V6ONLY).',
      source: 'ipv6(7)',
    },
    {
      term: 'pattern',
      definition:
        'How the processes of a port share the work: `one_acceptor`, `shared_socket` or `reuseport`.',
      see: [
        'listener-patterns',
        'value-one-acceptor',
        'value-shared-socket',
        'so-reuseport',
        'socket-share',
      ],
    },
    {
      term: 'accept_queue',
      definition: 'Connections that are open and that no process has accepted yet.',
      meaning: 'At its limit the kernel drops further ones: drops and ListenOverflows rise.',
      action: 'See what the process does (CPU, locks, a slow backend); add workers.',
      see: ['accept-queue', 'socket-accept-limit', 'listen-overflow'],
    },
    {
      term: 'accept_limit',
      definition: 'What the program gave listen(2), at most somaxconn; the kernel takes one more.',
      see: ['accept-queue', 'socket-somaxconn'],
      source: 'listen(2)',
    },
    {
      term: 'syn_queue',
      definition: 'Handshakes of a port that wait for their last ACK.',
      meaning: 'Of a SO_REUSEPORT group they are told together: the kernel says the port alone.',
      see: ['syn-queue', 'socket-syn-limit', 'syn-flood'],
    },
    {
      term: 'syn_limit',
      definition:
        'From how many handshakes on SYNs are answered by cookies, or dropped: the limit of the accept queue, and without cookies at most three quarters of tcp_max_syn_backlog.',
      meaning:
        'tcp_syncookies says which of both; with 2 every SYN is answered by a cookie, and no handshake waits. The last quarter is for peers that the kernel knows from earlier connections.',
      see: ['syn-queue', 'socket-tcp-syncookies'],
      source: 'tcp(7)',
    },
    {
      term: 'drops',
      definition:
        'Of a listener the SYNs and handshakes that it dropped since it listens; of a connection segments that found no memory.',
      meaning:
        'SYNs that are repeated while their handshake waits count as well: more than listen_drops is no loss by itself.',
      action: 'Where listen_drops rises with it: as of event listen.pressure.',
      see: ['listen-overflow', 'event-listen-pressure'],
    },
    {
      term: 'sockets',
      definition: 'The sockets that listen on one address and port; several by SO_REUSEPORT.',
      see: ['so-reuseport'],
    },
    {
      term: 'share',
      definition:
        'How many of the connections that are open now each process has: who accepted one has its descriptor.',
      meaning:
        'The kernel keeps no record of which socket a connection came by; connections that are over count no more.',
      see: ['socket-fairness', 'so-reuseport', 'listener-patterns'],
    },
    {
      term: 'members',
      definition:
        'The processes that share a port; one that has no connection and is the parent of another is left out.',
      see: ['socket-share'],
    },
    {
      term: 'fairness',
      aliases: ["Jain's fairness index"],
      definition:
        "Jain's index of how evenly connections are shared by n processes: 1 is all alike, 1/n is all at one.",
      meaning:
        'Below 0.8 with many connections: a worker hangs, clients keep few long connections, or one epoll wakes first.',
      action:
        'With one shared socket: SO_REUSEPORT, or EPOLLEXCLUSIVE. With SO_REUSEPORT: see the worker that has none.',
      see: ['socket-share', 'so-reuseport'],
      source: 'Jain, Chiu, Hawe: A Quantitative Measure of Fairness, 1984',
    },
    {
      term: 'inode',
      definition: 'The number of the socket in descriptors: `socket:[INODE]` in /proc/PID/fd.',
      source: 'proc(5)',
    },
    {
      term: 'cookie',
      definition: "The kernel's number of a socket, never used again until the next boot.",
      meaning: '`ss -e` shows the same behind `sk:`.',
    },
    {
      term: 'without_owner',
      definition:
        'Why no process has the connection: it is `not_accepted` yet, or its process has `closed` it.',
      see: ['value-not-accepted', 'socket-accept-queue'],
    },
    {
      term: 'receive_queue',
      aliases: ['queued'],
      definition: 'Bytes that arrived and that the program has not read.',
      see: ['receive-queue', 'zero-window'],
    },
    {
      term: 'send_queue',
      aliases: ['queued'],
      definition: 'Bytes that the program wrote and the peer has not acknowledged.',
      see: ['send-queue', 'socket-window-limited-us'],
    },
    {
      term: 'tcp',
      definition: 'What the kernel keeps of the connection (struct tcp_info, struct sk_meminfo).',
      source: 'linux/tcp.h',
    },
    {
      term: 'rtt_var_us',
      definition: 'How much the round-trip time varies, in microseconds.',
      see: ['round-trip-time'],
      source: 'RFC 6298',
    },
    {
      term: 'min_rtt_us',
      definition: 'The shortest round-trip time lately, in microseconds: the path without queues.',
      meaning: 'rtt_us far above it: data waits in a queue on the way.',
      see: ['round-trip-time', 'field-rtt-us'],
    },
    {
      term: 'rto_us',
      definition: 'After how long without an answer a segment is sent again, in microseconds.',
      see: ['retransmission', 'socket-backoff'],
      source: 'RFC 6298',
    },
    {
      term: 'backoff',
      definition: 'How often the retransmission timer ran out since something was acknowledged.',
      meaning: 'More than 2: the peer or the path is gone.',
      see: ['retransmission', 'socket-rto-us'],
    },
    {
      term: 'lost',
      definition: 'Segments that are thought lost now, and are to be sent again.',
      see: ['retransmission'],
    },
    {
      term: 'bytes_sent',
      aliases: ['bytes'],
      definition: 'Bytes of payload that were sent, those sent again included.',
    },
    {
      term: 'bytes_acked',
      definition: 'Bytes that the peer has acknowledged, SYN and FIN included.',
    },
    {
      term: 'bytes_received',
      aliases: ['bytes'],
      definition: 'Bytes of payload that arrived in order.',
    },
    {
      term: 'bytes_retransmitted',
      definition: 'Bytes of payload that were sent again.',
      see: ['retransmission'],
    },
    { term: 'segments_out', definition: 'Segments that were sent.' },
    { term: 'segments_in', definition: 'Segments that arrived.' },
    {
      term: 'cwnd',
      definition: 'The congestion window, in segments.',
      see: ['congestion-window', 'socket-mss'],
    },
    {
      term: 'ssthresh',
      definition: 'Where slow start ends, in segments; absent before the first loss.',
      see: ['slow-start'],
      source: 'RFC 5681',
    },
    {
      term: 'congestion',
      definition: 'The congestion control that the connection uses, such as `cubic` or `bbr`.',
      see: ['congestion-window'],
      source: 'net.ipv4.tcp_congestion_control',
    },
    { term: 'mss', definition: 'The largest payload of a segment that is sent, in bytes.' },
    {
      term: 'send_window',
      definition: 'The window that the peer offered last, in bytes.',
      meaning: '0: its program does not read.',
      see: ['zero-window', 'snd-wnd'],
    },
    { term: 'in_flight', definition: 'Segments that are sent and not acknowledged.' },
    {
      term: 'not_sent',
      definition: 'Bytes that the program wrote and that were not sent once.',
      see: ['socket-send-queue'],
    },
    {
      term: 'delivery_bytes_per_s',
      definition: 'How fast the peer acknowledged what was sent last.',
      meaning:
        'A measure of the path while there was enough to send; idle connections keep the last.',
    },
    {
      term: 'pacing_bytes_per_s',
      definition: 'How fast the kernel sends at most, so that segments do not go in bursts.',
    },
    { term: 'busy_us', definition: 'How long there was something to send, in microseconds.' },
    {
      term: 'window_limited_us',
      definition: "How long of that the peer's window was closed, in microseconds.",
      meaning: 'Near busy_us: the peer reads slowly.',
      see: ['zero-window', 'socket-busy-us'],
    },
    {
      term: 'buffer_limited_us',
      definition: 'How long of that the own send buffer was too small, in microseconds.',
      meaning: 'Near busy_us: raise net.ipv4.tcp_wmem, or what the program sets by SO_SNDBUF.',
      see: ['socket-busy-us', 'socket-send-buffer'],
    },
    { term: 'last_sent_ms', definition: 'How long ago payload was sent, in milliseconds.' },
    { term: 'last_received_ms', definition: 'How long ago payload arrived, in milliseconds.' },
    { term: 'receive_memory', definition: 'Memory of what arrived and was not read, in bytes.' },
    { term: 'receive_buffer', definition: 'How much that may be (SO_RCVBUF).' },
    {
      term: 'send_memory',
      definition: 'Memory of what was written and not acknowledged, in bytes.',
    },
    { term: 'send_buffer', definition: 'How much that may be (SO_SNDBUF).' },
    {
      term: 'interval_s',
      definition: 'Seconds since the look before, of which the rates are.',
    },
    {
      term: 'total',
      definition: 'Sums of all connections that pass the filter.',
      meaning: 'What was gone before the look is not in them.',
    },
    {
      term: 'pressed',
      definition: 'Listeners with a queue that is at least three quarters full.',
      see: ['event-listen-pressure', 'socket-accept-queue', 'socket-syn-queue'],
    },
    {
      term: 'in_bytes_per_s',
      aliases: ['in/s'],
      definition: 'Bytes of payload that arrived each second since the look before.',
    },
    {
      term: 'out_bytes_per_s',
      aliases: ['out/s'],
      definition:
        'Bytes of payload that were sent each second since the look before, those sent again included.',
    },
    {
      term: 'retransmits_per_s',
      definition: 'Segments that were sent again each second since the look before.',
      see: ['retransmission'],
    },
    {
      term: 'listen_overflows',
      definition: 'Handshakes that found an accept queue full (ListenOverflows).',
      see: ['listen-overflow', 'socket-accept-queue'],
    },
    {
      term: 'listen_drops',
      definition: 'All that listeners dropped, overflows included (ListenDrops).',
      see: ['listen-overflow', 'socket-drops'],
    },
    {
      term: 'syn_queue_cookies',
      definition: 'SYNs that found a SYN queue full and got a cookie (TCPReqQFullDoCookies).',
      see: ['syn-queue', 'socket-tcp-syncookies'],
    },
    {
      term: 'syn_queue_drops',
      definition: 'SYNs that found a SYN queue full and were dropped (TCPReqQFullDrop).',
      see: ['syn-queue', 'socket-tcp-syncookies'],
    },
    {
      term: 'segments_retransmitted',
      definition: 'Segments that were sent again, of all connections (RetransSegs).',
      meaning: 'More than a hundredth of segments_out: a path loses packets.',
      see: ['retransmission', 'socket-segments-out'],
    },
    {
      term: 'somaxconn',
      definition: 'The most that listen(2) gets as limit of an accept queue (net.core.somaxconn).',
      see: ['accept-queue'],
    },
    {
      term: 'tcp_max_syn_backlog',
      definition: 'Handshakes of one listener that may wait while SYN cookies are off.',
      see: ['syn-queue', 'socket-syn-limit'],
      source: 'tcp(7)',
    },
    {
      term: 'tcp_syncookies',
      definition:
        '1: a full SYN queue answers by cookies; 0: it drops; 2: every SYN gets a cookie.',
      see: ['syn-flood', 'socket-syn-limit'],
      source: 'tcp(7)',
    },
  ]),
  ...entries('value', [
    {
      term: 'one_acceptor',
      definition: 'Pattern: one process has the socket and accepts.',
      see: ['socket-pattern', 'listener-patterns'],
    },
    {
      term: 'shared_socket',
      definition: 'Pattern: several processes have the same socket, and each accepts from it.',
      see: ['socket-pattern', 'listener-patterns'],
    },
    {
      term: 'not_accepted',
      definition: 'The connection is open and waits in the accept queue: no process has it yet.',
      see: ['accept-queue', 'socket-without-owner'],
    },
  ]),
];
