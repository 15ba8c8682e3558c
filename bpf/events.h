/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The one record layout: every source writes it, everything after reads it.
 * User-space offsets (src/wire/layout.gen.ts) are generated from the BTF of these structs. */
#ifndef PW_EVENTS_H
#define PW_EVENTS_H

enum pw_kind {
	PW_KIND_NONE = 0,
	PW_KIND_ATTEMPT = 1,  /* a SYN without ACK: at ingress (head only), or of our own socket at egress (whole record) */
	PW_KIND_OPEN = 2,     /* handshake completed; without a local socket: a SYN+ACK was forwarded (head only) */
	PW_KIND_REFUSED = 3,  /* an RST or ICMP unreachable left this host in answer to a SYN (head only) */
	PW_KIND_CLOSE = 4,    /* a local socket reached CLOSE: counters, error, last state */
	PW_KIND_EXISTING = 5, /* a socket that was there before the start (bpf_iter); also listeners, state 10 */
	PW_KIND_SUM = 6,      /* attempts summed in the kernel per (victim, port, second) */
	PW_KIND_SCAN = 7,     /* verdict of the reference rule */
	PW_KIND_BLOCK = 8,    /* a source was blocked by a user's command; dst_port: bits of a prefix (of 128), 0 one source */
	PW_KIND_UNBLOCK = 9,  /* a block was removed by a user's command, or was over; dst_port as above */
	PW_KIND_ENDED = 10,   /* a connection of which all packets were seen is over; user space alone writes it */
};

enum pw_direction {
	PW_DIR_UNKNOWN = 0,
	PW_DIR_INBOUND = 1,
	PW_DIR_OUTBOUND = 2,
	PW_DIR_LOCAL = 3,
	PW_DIR_FORWARDED = 4,
};

/* What a SCAN record found. */
enum pw_scan {
	PW_SCAN_NONE = 0,
	PW_SCAN_VERTICAL = 1,   /* many ports of one address */
	PW_SCAN_HORIZONTAL = 2, /* one or few ports of several addresses */
	PW_SCAN_NULL = 3,       /* stealth: segments without any flag ... */
	PW_SCAN_FIN = 4,        /* ... with FIN alone ... */
	PW_SCAN_XMAS = 5,       /* ... with FIN, URG, PSH ... */
	PW_SCAN_ODD = 6,        /* ... with other flags that no RFC 9293 peer sends, SYN+FIN among them ... */
	PW_SCAN_FRAGMENT = 7,   /* ... whose TCP header is split over fragments ... */
	PW_SCAN_ACK = 8,        /* ... that belong to no connection: ACK, window and Maimon scans */
	PW_SCAN_UDP = 9,        /* closed UDP ports */
	PW_SCAN_SLOW = 10,      /* closed ports over hours */
};

/* Which call told us the process. */
enum pw_from {
	PW_FROM_NONE = 0,
	PW_FROM_CONNECT = 1,
	PW_FROM_LISTEN = 2,
	PW_FROM_ACCEPT = 3,
	PW_FROM_CLOSE = 4,
};

enum pw_head_flag {
	PW_FLAG_WHOLE = 1,    /* the body follows the head */
	PW_FLAG_PASSIVE = 2,  /* the socket of this record is the responder's */
	PW_FLAG_BEFORE = 4,   /* the socket is older than the program: src is the local end, isn is 0 */
	PW_FLAG_ICMP = 8,     /* refused by ICMP, not by RST */
	PW_FLAG_BLOCKED = 16, /* scan: the source is now blocked */
	PW_FLAG_SPARED = 32,  /* scan: it would be blocked, but is on the never-block list, over the cap, or --dry-run */
	PW_FLAG_TRUSTED = 64, /* scan: spared because this source keeps completing handshakes, which nobody can forge */
	PW_FLAG_CONFIRMED = 128, /* scan: the source has completed handshakes with several ports: its address is its own */
};

/* What the wire alone can tell: 80 bytes. Addresses are in network order, IPv4 as ::ffff:a.b.c.d;
 * ports and numbers are in host order. */
struct pw_head {
	__u64 ts_ns;     /* CLOCK_MONOTONIC */
	__u64 id;        /* pw_id() of the originator's 5-tuple and ISN */
	__u8 src[16];    /* originator */
	__u8 dst[16];    /* responder */
	__u16 src_port;
	__u16 dst_port;
	__u32 isn;       /* initial sequence number of the originator */
	__u8 kind;       /* enum pw_kind */
	__u8 family;     /* 4 or 6 */
	__u8 direction;  /* enum pw_direction, as this record's place alone can tell */
	__u8 flags;      /* enum pw_head_flag */
	__u32 ifindex;   /* 0: seen at the socket, not on an interface */
	__u64 netns;     /* cookie of the network namespace */
	__u32 count;     /* attempts that this record stands for (1 but for PW_KIND_SUM) */
	__u32 refused;   /* PW_KIND_SUM: how many of them were refused */
};

/* What a socket adds. */
struct pw_socket_part {
	__u64 start_ns;    /* first SYN of this socket (active) or SYN_RECV (passive); 0 unknown */
	__u64 cgroup;      /* cgroup v2 id of the process */
	char comm[16];     /* name of the thread group's leader */
	__u32 pid;         /* thread group id */
	__u32 uid;
	__u64 sent_bytes;     /* payload sent by this socket, retransmissions not counted; all ones: both counts unknown */
	__u64 received_bytes; /* payload received by it */
	__u32 rtt_us;      /* smoothed */
	__u32 retransmits; /* segments */
	__u32 cwnd;        /* segments */
	__u16 error;       /* errno of the socket, 0 none */
	__u8 state;        /* the TCP state that it left (include/net/tcp_states.h) */
	__u8 from;         /* enum pw_from */
};

/* What a verdict or a user's block adds. */
struct pw_verdict_part {
	__u64 until_ns;   /* end of the block, CLOCK_MONOTONIC; 0 not blocked */
	__u16 ports[16];  /* distinct ports within the window, as found (not sorted) */
	__u32 port_count;
	__u32 syns;       /* SYNs of this source to this victim since its slot was taken */
	__u64 first_ns;   /* when the slot was taken */
	__u8 scan;        /* enum pw_scan */
	__u8 weighted;    /* 1: by the weighted rule, whose parts follow; the reference rule leaves most at 0 */
	__u16 closed;     /* ports refused, as distinct as `ports` */
	__u16 silent;     /* ports without an answer yet */
	__u16 half;       /* handshakes that the originator reset */
	__u16 opened;     /* handshakes completed */
	__u16 hosts;      /* of our addresses touched, at least */
	__s32 score;      /* 1/256 nat */
};

struct pw_record {
	struct pw_head head;
	union {
		struct pw_socket_part sock;
		struct pw_verdict_part verdict;
	};
};

/* One end of a connection as its packets show it. Sequence numbers are as on the wire; windows in bytes, scaled. */
struct pw_packets_end {
	__u64 bytes;        /* payload sent, each byte once: by sequence numbers for TCP, by lengths else; of both ends all
			     * ones: not known */
	__u64 missed_bytes; /* of these, acknowledged but not captured */
	__u64 ip_bytes;     /* its packets from the IP header on, by the headers' lengths */
	__u64 packets;      /* of both ends 0: not known, nor what else only packets tell */
	__u32 retransmits;  /* segments with bytes that were sent before */
	__u32 out_of_order; /* segments that came after later ones, no retransmission */
	__u32 duplicate_acks;
	__u32 zero_windows; /* how often the window it offers closed */
	__u32 rtt_us;       /* smoothed (RFC 6298), from its segments to their acknowledgement; 0 unknown */
	__u32 initial_window; /* bytes sent before the first acknowledgement of data */
	__u32 cwnd;         /* most bytes in flight: what its congestion window was at least */
	/* the transmission control block (RFC 9293 3.3.1), inferred */
	__u32 iss;
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 snd_wnd;
	__u32 snd_up;
	__u32 snd_wl1;
	__u32 snd_wl2;
	__u32 irs;
	__u32 rcv_nxt;
	__u32 rcv_wnd;
	__u32 rcv_up;
	__u16 mss;          /* 0: no option */
	__u8 window_scale;  /* 255: no option */
	__u8 state;         /* of RFC 9293 3.3.2, numbered as the kernel does (include/net/tcp_states.h) */
	__u8 options;       /* enum pw_tcp_option */
};

/* What the packets of a connection add: of TCP, or of a conversation of UDP or ICMP. */
struct pw_packets_part {
	__u64 start_ns;     /* its first packet */
	struct pw_packets_end orig;
	struct pw_packets_end resp;
	char history[40];   /* as Zeek's, ends with a NUL */
	__u32 metadata;     /* which of the batch's attached metadata is its, from 1; 0 none */
	__u16 vlan;         /* outermost tag, 0 none */
	__u8 proto;         /* IP protocol number: 6, 17, 1, 58 */
	__u8 tunnels;       /* depth */
	__u8 tunnel;        /* innermost tunnel's kind, enum pw_tunnel */
	__u8 event;         /* how it ended, in the model's codes (src/model/events.ts) */
	__u8 outcome;
	__u8 conn_state;
	__u8 end_reason;    /* flowEndReason (IPFIX information element 136) */
	__u8 forms;         /* enum pw_form */
};

/* Options that an end's SYN had. */
enum pw_tcp_option {
	PW_OPTION_SACK = 1,
	PW_OPTION_TIMESTAMPS = 2,
	PW_OPTION_FAST_OPEN = 4,
};

/* How a connection began and ended. */
enum pw_form {
	PW_FORM_SIMULTANEOUS_OPEN = 1,
	PW_FORM_SIMULTANEOUS_CLOSE = 2,
	PW_FORM_HALF_CLOSE = 4,  /* data followed the other end's FIN */
	PW_FORM_MIDSTREAM = 8,   /* its begin was not captured */
	PW_FORM_FLIPPED = 16,    /* the responder's packet came first (Zeek's ^) */
};

enum pw_tunnel {
	PW_TUNNEL_NONE = 0,
	PW_TUNNEL_IP = 1,
	PW_TUNNEL_GRE = 2,
	PW_TUNNEL_VXLAN = 3,
	PW_TUNNEL_GENEVE = 4,
	PW_TUNNEL_TEREDO = 5,
	PW_TUNNEL_GTP = 6,
	PW_TUNNEL_AYIYA = 7,
};

/* A record of kind ENDED. It isn't in struct pw_record's union: the kernel never writes one, and its records stay short. */
struct pw_packets_record {
	struct pw_head head;
	struct pw_packets_part packets;
};

#endif
