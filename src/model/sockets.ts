import type { StateName } from './tcp-transitions.ts';

/**
 * The TCP sockets of a network namespace as they are at one moment: what `packetwatch sockets --json` tells, and
 * GET /api/v1/sockets. `packetwatch explain FIELD` says what each of it means.
 */
export interface Sockets {
  /** When the kernel was asked: RFC 3339, UTC. */
  readonly ts: string;
  /** Those that pass the filter; who is in trouble comes first. */
  readonly listeners: readonly Listener[];
  /** Those that pass the filter, in the order that was asked for. Neither TIME-WAIT nor handshakes of SYN queues. */
  readonly connections: readonly SocketConnection[];
  /** Connections that pass and stand not here, since only so many were asked for. */
  readonly left_out: number;
  readonly counters: SocketCounters;
  readonly settings: SocketSettings;
  readonly owners: OwnersSeen;
}

/** A process that has a descriptor of a socket. */
export interface SocketOwner {
  readonly pid: number;
  /** Its name as it gives it itself (comm): any text. */
  readonly process: string;
}

/** Which processes could be looked into. */
export interface OwnersSeen {
  /** Whose descriptors could not be read, since they are another user's. */
  readonly hidden_processes: number;
  /** Sockets that have a descriptor, but of no process that could be looked into. */
  readonly unknown_sockets: number;
}

/** How the processes of a port share the work. */
export type ListenerPattern = 'one_acceptor' | 'shared_socket' | 'reuseport';

/** One local address and port that is listened on, by one socket or several (SO_REUSEPORT). */
export interface Listener {
  /** `0.0.0.0` and `::` are all addresses; `::` takes IPv4 as well unless `v6_only`. */
  readonly ip: string;
  readonly port: number;
  /** The interface that it is bound to; absent: any. */
  readonly iface?: string;
  readonly v6_only?: true;
  /** Absent where its processes can't be seen. */
  readonly pattern?: ListenerPattern;
  /** Connections that wait to be accepted, of all its sockets. */
  readonly accept_queue: number;
  /** How many may, of all its sockets; the kernel takes one more than that of each. */
  readonly accept_limit: number;
  /** Handshakes that wait for their last ACK. The kernel tells them by port, not by socket. */
  readonly syn_queue: number;
  /** From how many on SYNs are answered by cookies, or dropped (`settings`). */
  readonly syn_limit: number;
  /** SYNs and handshakes that were dropped since it listens: a queue was full, or a SYN came again while its handshake waits. */
  readonly drops: number;
  /** Connections to it that are open or closing now, those that wait included. */
  readonly connections: number;
  readonly sockets: readonly ListenSocket[];
  /** How evenly processes share the connections; absent where less than two could. */
  readonly share?: Share;
}

/** One socket that listens. */
export interface ListenSocket {
  readonly inode: number;
  /** 16 hex digits, the kernel's number of this socket, never used again. */
  readonly cookie: string;
  readonly uid: number;
  /** At most 16, by pid; empty: none could be seen. */
  readonly owners: readonly SocketOwner[];
  readonly owner_count: number;
  readonly accept_queue: number;
  readonly accept_limit: number;
  readonly drops: number;
  /** Connections that came by it and are open now; absent where another of the port's sockets may have taken them. */
  readonly connections?: number;
}

/** Who has the connections of a port that are open now: the worker that accepted them has their descriptors. */
export interface Share {
  /** By pid. A process that has none and is the parent of another one is left out. */
  readonly members: readonly (SocketOwner & { readonly connections: number })[];
  /** Jain's fairness index of them, 1/n (one has all) to 1 (all have as many); absent while none is open. */
  readonly fairness?: number;
}

/** One end of a connection, as this host's kernel has it. */
export interface SocketConnection {
  /** Who began it, as in all of Packetwatch. */
  readonly src_ip: string;
  readonly src_port: number;
  readonly dst_ip: string;
  readonly dst_port: number;
  /** `inbound`: this end is `dst`, on a port that is listened on; `outbound`: it is `src`. */
  readonly direction: 'inbound' | 'outbound';
  readonly iface?: string;
  readonly state: StateName;
  readonly cookie: string;
  readonly inode?: number;
  readonly uid: number;
  readonly owners: readonly SocketOwner[];
  readonly owner_count: number;
  /** No process has it: it waits to be accepted, or its process has closed it and the kernel ends it. */
  readonly without_owner?: 'not_accepted' | 'closed';
  /** Bytes that arrived and that the program hasn't read. */
  readonly receive_queue: number;
  /** Bytes that the program wrote and the peer hasn't acknowledged. */
  readonly send_queue: number;
  /** What the kernel keeps of a connection; absent of one that is only waited for (FIN-WAIT-2 without a process). */
  readonly tcp?: SocketTcp;
}

/** struct tcp_info and struct sk_meminfo, in their units (linux/tcp.h). */
export interface SocketTcp {
  /** Smoothed round-trip time (RFC 6298); absent before the first. */
  readonly rtt_us?: number;
  readonly rtt_var_us?: number;
  readonly min_rtt_us?: number;
  /** Retransmission timeout. */
  readonly rto_us: number;
  /** Segments sent again, in all. */
  readonly retransmits: number;
  /** How often the timer has run out since the last acknowledgement. */
  readonly backoff: number;
  /** Segments that are thought lost now. */
  readonly lost: number;
  readonly bytes_sent: number;
  readonly bytes_acked: number;
  readonly bytes_received: number;
  readonly bytes_retransmitted: number;
  readonly segments_out: number;
  readonly segments_in: number;
  readonly out_of_order: number;
  /** Congestion window, in segments. */
  readonly cwnd: number;
  /** Absent before the first loss. */
  readonly ssthresh?: number;
  readonly congestion: string;
  readonly mss: number;
  /** Window that the peer has left open, bytes. */
  readonly send_window: number;
  readonly in_flight: number;
  readonly not_sent: number;
  readonly delivery_bytes_per_s: number;
  readonly pacing_bytes_per_s?: number;
  /** Time with something to send, and of that held up by the peer's window and by the own buffer. */
  readonly busy_us: number;
  readonly window_limited_us: number;
  readonly buffer_limited_us: number;
  readonly last_sent_ms: number;
  readonly last_received_ms: number;
  readonly receive_memory: number;
  readonly receive_buffer: number;
  readonly send_memory: number;
  readonly send_buffer: number;
  readonly drops: number;
}

/** How much went through a connection since the look before, each second. Absent at the first look. */
export interface SocketRates {
  readonly in_bytes_per_s: number;
  /** What was sent again included. */
  readonly out_bytes_per_s: number;
  readonly retransmits_per_s: number;
}

/** One look of `packetwatch top`: each line of `--json`. */
export interface SocketTop {
  readonly ts: string;
  /** Since the look before; absent at the first one. */
  readonly interval_s?: number;
  /** Of all connections that pass the filter; what was gone before the look is not in it. */
  readonly total: Partial<SocketRates> & { readonly connections: number };
  /** Listeners with a queue that is at least three quarters full, fullest first. */
  readonly pressed: readonly Listener[];
  readonly connections: readonly (SocketConnection & Partial<SocketRates>)[];
  readonly left_out: number;
}

/** What this network namespace has counted since it was made (/proc/net/netstat, /proc/net/snmp). */
export interface SocketCounters {
  readonly listen_overflows: number;
  readonly listen_drops: number;
  readonly syn_queue_cookies: number;
  readonly syn_queue_drops: number;
  readonly segments_out: number;
  readonly segments_retransmitted: number;
}

/** What bounds the queues (net.ipv4 and net.core of this network namespace). */
export interface SocketSettings {
  readonly somaxconn: number;
  readonly tcp_max_syn_backlog: number;
  /** 0: a full SYN queue drops; 1: it answers by cookies; 2: every SYN is answered by one. */
  readonly tcp_syncookies: number;
}

/** What connections can be sorted by, most first. */
export const SOCKET_ORDERS = ['queues', 'rtt', 'retransmits', 'bytes', 'rate'] as const;
export type SocketOrder = (typeof SOCKET_ORDERS)[number];
