/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What one packet leaves from step to step in its CPU's map value (struct pw_counters). */
#ifndef PW_SCRATCH_H
#define PW_SCRATCH_H

/* Where things are in a frame; offsets are from its start. The parser writes it into the CPU's map value, and what
 * comes after reads it from there: the verifier then forgets by which of a thousand ways a header was reached, and
 * checks the rest once. */
struct pw_layers {
	__u32 ip;
	__u32 l4;
	__u32 l4_len; /* bytes of the datagram from l4 on, as its IP header says */
	__u8 family;  /* 4 or 6 */
	__u8 proto;
	__u8 fragmented;
};

/* What the guard knows of a packet, and decides. */
struct pw_segment {
	__be16 source; /* ports */
	__be16 dest;
	__u32 seq;
	__u8 whole;    /* the transport header is there */
	__u8 flags;    /* of TCP */
	__u8 scan;     /* enum pw_scan, 0: touches no port */
	__u8 local;    /* its destination is ours */
	__u8 blocked;  /* its source is */
	__u8 judged;   /* enum pw_judged */
};

/* The originator's and responder's ends of a packet. */
struct pw_ends {
	union {
		__u32 src[4];
		__u64 src8[2];
	};
	union {
		__u32 dst[4];
		__u64 dst8[2];
	};
	__u8 family; /* 4 or 6 */
};

/* Somebody whose packet this one of ours answers. */
struct pw_answered {
	struct pw_ends e; /* src: who touched; dst: our address */
	__u16 remote_port;
	__u16 port;
};

/* What a SYN that reached the lock found; like the layers it lies in the CPU's map value. */
struct pw_found {
	__u64 until_tick; /* end of the block; 0: none was set */
	__u64 first_tick;
	__s64 oldest_age; /* ticks */
	__u32 oldest;     /* place of the port that was not seen for longest */
	__u32 free;       /* a place without a live port */
	__u32 known;      /* the port is not new after all ... */
	__u32 at;         /* ... but lies here */
	__u32 count;      /* live ports in `ports` */
	__s32 way;        /* which one it is about, -1 none ... */
	__u32 item;       /* ... and what is new to it */
	__u32 syns;
	__u32 spared;
	__u32 trusted;
	__u32 confirmed;
	__u32 answer;     /* what the packet in hand says, at egress (enum pw_answer) */
	__u32 scan;       /* enum pw_scan */
	__u32 judged;     /* enum pw_judged */
	__s32 score;
	__u16 closed, silent, half, opened, hosts;
	__u16 ports[16];
};

#endif
