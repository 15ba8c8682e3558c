/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps, shared state and options. User space creates and pins every map itself from these
 * definitions (src/kernel/object.ts reads them from the BTF) and hands them to each program. */
#ifndef PW_STATE_H
#define PW_STATE_H

#include "events.h"
#include "scratch.h"

#define PW_MAX_PORTS 15    /* --ports: T slots decide "more than T distinct ports" exactly */
#define PW_ODD_PORTS 3     /* T for what no honest peer sends, under either rule */
#define PW_WAYS 4
#define PW_SETS 16384      /* x 4 ways = 65,536 sources */
#define PW_NETS 4096       /* blocks by prefix */
#define PW_NEVER 8192      /* half of it for what the user allows (src/kernel/never.ts) */
#define PW_LOCALS 512      /* own addresses; beyond, every destination counts as ours */
#define PW_SUMS 4096       /* (victim, port, second) being summed at once */
#define PW_ANSWERS 262144  /* SYN+ACKs remembered; at 29k connections/s that is 9 s */

/* Options: constant after load, so that the verifier removes what is off. */
const volatile struct pw_options {
	__u64 seed;         /* of the table's hash, per boot */
	__u64 netns;        /* cookie of our network namespace */
	__u64 window_ticks; /* 1.024 us each */
	__u64 ttl_ticks;    /* block by evidence that can be forged */
	__u64 confirmed_ticks; /* block of a source that is confirmed (score.h): its address is its own */
	__u32 ports;        /* T, 1 to PW_MAX_PORTS; 0: nothing is judged */
	__u32 slots;        /* ports remembered of each pair, T or PW_ODD_PORTS at least */
	__u32 block_max;    /* blocks in force at once */
	__u32 retell;       /* after so long a scan that goes on is a verdict again, 2^26 ns; 0: never. For a firewall that
	                     * blocks in our place, behind us */
	__u32 sum_above;    /* attempts per CPU in 2^30 ns before they are summed */
	__u32 v6_mask[4] __attribute__((aligned(8))); /* of IPv6 sources, network order */
	__u8 block;         /* a verdict blocks */
	__u8 dry_run;       /* a verdict says what it would do */
	__u8 block_established; /* a blocked source's established connections are cut as well */
	__u8 events;        /* attempts are reported */
	__u8 all_netns;     /* sockets of other network namespaces, too */
	__u8 layer3;        /* this load is for devices without an Ethernet header */
	__u8 weighted;      /* judge by outcomes (score.h), not by T */
	__u8 set_clock;     /* tests and benches set the time: pw_shared.clock_ns */
	__u8 plugins;       /* at XDP, plugins see what passes (pw_chain) */
} pw_opt = { .ports = 3, .slots = 3, .events = 1 };

/* One CPU's counters; user space sums them. Only grow. */
struct pw_counters {
	__u64 packets;          /* into the guard */
	__u64 malformed;        /* headers that no RFC 9293 peer sends, truncated ones */
	__u64 attempts;         /* SYNs without ACK */
	__u64 attempts_reported;/* of them: in the ring */
	__u64 attempts_summed;  /* of them: in a sum */
	__u64 attempts_lost;    /* of them: the ring was full */
	__u64 attempts_dropped; /* of them: from a blocked source, dropped and not reported */
	__u64 dropped_flags;    /* from a blocked source: flags that no peer sends */
	__u64 dropped_other;    /* from a blocked source: no established socket */
	__u64 sums_reported;    /* attempts that left in a sum record */
	__u64 sums_lost;        /* attempts whose sum record found the ring full */
	__u64 answers_reported; /* refused, forwarded opens: in the ring */
	__u64 answers_lost;     /* the ring was full */
	__u64 outbound_reported;/* attempts of our own sockets */
	__u64 outbound_lost;
	__u64 sockets_reported; /* open and close */
	__u64 sockets_lost;
	__u64 odd;              /* segments with flags that no peer sends, or in fragments that hide them, to us */
	__u64 strays;           /* our RSTs to segments of no connection */
	__u64 unreachables;     /* our port unreachables to UDP */
	__u64 excused;          /* of strays and unreachables: backscatter, late segments, late answers, traceroute */
	__u64 verdicts;         /* scans found */
	__u64 verdicts_lost;    /* their record found the ring full (a block still holds) */
	__u64 spared;           /* scans of a source on the never-block list */
	__u64 trusted;          /* scans of a source that keeps completing handshakes */
	__u64 blocked;          /* blocks set */
	__u64 blocks_refused;   /* not set: --block-max reached */
	__u64 blocks_replaced;  /* ended early: more than two in one set */
	__u64 evicted;          /* sources forgotten inside their window: the set was full */
	__u64 contended;        /* slot not updated: the set's lock was not to be had */
	__u64 lists_full;       /* prefixes refused: the list of blocks by prefix or of allowed ones was full */
	__u64 rate_second;      /* attempts of this CPU are counted ... */
	__u64 rate_count;       /* ... within this 2^30 ns */
	struct pw_layers layers; /* of the packet in hand */
	struct pw_layers quoted; /* of the one it quotes (ICMP) */
	struct pw_segment segment; /* in hand, at ingress */
	struct pw_ends ends;     /* of it */
	struct pw_answered answered; /* by the packet in hand, at egress */
	struct pw_found found;   /* of the SYN in hand */
};

/* Inserted: all programs add to their CPU's entry. Read: user space (status, loss). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pw_counters);
} pw_counters SEC(".maps");

/* Inserted: attempts by guard and egress. Consumed: the source, which advances when the lines are written. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} pw_attempts SEC(".maps");

/* Inserted: verdicts, user's blocks, socket events. Consumed: as above. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} pw_events SEC(".maps");

/* What all programs and user space share. */
struct pw_shared {
	__u32 blocks;  /* in the table, expired ones that nobody touched included */
	__u32 nets;    /* in pw_nets, expired ones included; both 0 opens the fast path, so they are read at once */
	__u32 spare[2];
	__u64 seed;    /* of the table's hash, per boot */
	__u64 clock_ns; /* the time, for programs loaded with set_clock */
};

/* Inserted, changed: guard and control, atomically. Read: everybody. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pw_shared);
} pw_shared SEC(".maps");

struct pw_locals {
	__u32 mul; /* chosen by user space so that every address finds a place within 4 probes */
	__u32 all; /* 1: there are too many; every destination counts as ours */
	__u32 many; /* 1: enough of them for a scan over addresses */
	__u32 spare;
	__u32 addr[PW_LOCALS][4] __attribute__((aligned(8))); /* own addresses, and the IPv6 prefixes of own ones */
};

/* Inserted, deleted: user space, as addresses come and go, the whole table at a time. Read: guard, per SYN. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pw_locals);
} pw_locals SEC(".maps");

struct pw_prefix {
	__u32 length; /* bits of addr, IPv4 counted from 96 */
	__u32 addr[4];
};

/* Why a prefix is never blocked, as bits: src/kernel/never.ts. Inserted, deleted: user space, the never-block list.
 * Read: guard, at a verdict and before it drops by a block of a prefix. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PW_NEVER);
	__type(key, struct pw_prefix);
	__type(value, __u32);
} pw_never SEC(".maps");

/* A block of a prefix. */
struct pw_net {
	__u64 until_tick;
	__u32 length; /* that of its key */
	__u32 hits;   /* packets dropped */
};

/* Inserted, deleted: user space, which counts them in pw_shared. Read, hits counted: guard, while there is any. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PW_NETS);
	__type(key, struct pw_prefix);
	__type(value, struct pw_net);
} pw_nets SEC(".maps");

/* One sum of attempts. The lock's lowest bit says that somebody is changing it. */
struct pw_sum {
	__u32 lock;
	__u32 second; /* 2^30 ns each */
	__u32 dst[4];
	__u32 port;
	__u32 count;
	__u32 refused;
	__u32 ifindex;
	__u32 family;
	__u32 direction; /* enum pw_direction */
	__u32 spare[4];
};

/* Inserted: guard, when attempts come faster than sum_above. Emptied: guard (slot wanted), control (second over). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PW_SUMS);
	__type(key, __u32);
	__type(value, struct pw_sum);
} pw_sums SEC(".maps");

/* Fingerprints of attempts that were answered by SYN+ACK: 30 bits of id, then 1 answered or 2 reset by the
 * originator afterwards. Inserted: egress; changed: guard; overwritten, never deleted; read: user space, when
 * an attempt is 3 s old and no socket opened. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32[PW_ANSWERS]);
} pw_answers SEC(".maps");

/* What we know of a socket. */
struct pw_sock {
	__u64 id;
	__u64 start_ns;
	__u64 cgroup;
	char comm[16];
	__u32 pid;
	__u32 uid;
	__u32 isn;
	__u8 from;      /* enum pw_from */
	__u8 flags;     /* PW_FLAG_PASSIVE, PW_FLAG_BEFORE */
	__u8 attempted; /* its SYN was reported */
	__u8 io;        /* its worker was seen */
	__u8 seen;      /* the last state change that was dealt with */
	__u8 spare[7];
};

/* Inserted: at connect and listen (children inherit the listener's by BPF_F_CLONE), iterators for older sockets.
 * Deleted: by the kernel with the socket. Read: egress, socket programs. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct pw_sock);
} pw_socks SEC(".maps");

/* Is it kept what became of the ports? The weighted rule judges by it, and a block is as long as it says. */
static __always_inline int pw_keeps_outcomes(void)
{
	return pw_opt.weighted || pw_opt.block || pw_opt.retell;
}

static __always_inline __u64 pw_set_ns(void)
{
	__u32 zero = 0;
	struct pw_shared *shared = bpf_map_lookup_elem(&pw_shared, &zero);

	return shared ? *(volatile __u64 *)&shared->clock_ns : 0;
}

/* CLOCK_MONOTONIC, nanoseconds. */
static __always_inline __u64 pw_ns(void)
{
	return pw_opt.set_clock ? pw_set_ns() : bpf_ktime_get_ns();
}

/* The same to a few milliseconds, in ticks of 1.024 us. */
static __always_inline __u64 pw_tick(void)
{
	return (pw_opt.set_clock ? pw_set_ns() : bpf_ktime_get_coarse_ns()) >> 10;
}

static __always_inline struct pw_counters *pw_count(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pw_counters, &zero);
}

#endif
