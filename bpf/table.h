/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The one table: what each source did, and the blocks.
 *
 * A source's set is found by a seeded hash of the source alone, so its block and its scan state per victim lie in one
 * set of 4 ways. A set is 5 cache lines in a row, nearly always of one page: a line of tags that answers nearly every question, then a line
 * per way with the addresses and 3 ports. What only more ports and blocks need lies in an array of its own. So a flood
 * from random sources touches two lines per packet.
 *
 * A set is changed only under its lock: bit 0 of `lock`, taken by compare-and-exchange; the rest counts changes, so
 * that it is also the sequence number by which user space reads a consistent set from its mapping. It costs a fraction
 * of bpf_spin_lock, may lie in a mapped value, and needs no BTF. Nobody sleeps under it. */
#ifndef PW_TABLE_H
#define PW_TABLE_H

#include "state.h"

#define PW_SLOT_PORTS 3
#define PW_LOCK_TRIES 16 /* of 20 ns; a holder needs about 50 ns */

enum pw_way_state {
	PW_WAY_FREE = 0,
	PW_WAY_WATCHED = 1, /* ports of a (source, victim) are being counted */
	PW_WAY_FOUND = 2,   /* a verdict was given; none again before it was quiet */
	PW_WAY_BLOCKED = 3,
};

enum pw_block_reason {
	PW_BLOCK_SYNS = 1, /* by evidence that can be forged */
	PW_BLOCK_USER = 2, /* by a user's command */
	PW_BLOCK_CONFIRMED = 3, /* of a source that is confirmed (score.h): the address is its own */
};

/* What became of the ports of a (source, victim), and what that says: score.h. */
struct pw_score {
	__s32 value;      /* 1/256 nat, at the time `at` */
	__u32 at;         /* 2^26 ns */
	__u32 outcomes;   /* enum pw_outcome of port j in bits 2j and 2j+1 */
	__u32 trusted_at; /* the handshake that counted towards `trust` last, 2^26 ns */
	__u16 closed, silent, half, opened; /* since the way was taken */
	__u16 hosts;      /* victims whose score was carried over, and this one */
	__u16 trust;      /* handshakes completed, PW_TRUST_GAP apart */
	__u32 told_at;    /* the last verdict that did not block, 2^26 ns */
};

/* A way, 8 bytes, stored at once. As a number it orders ways by their worth of being kept: what state, how many ports,
 * how fresh.
 *   bits 0-15 tag of the source's hash, 16-47 when its content is over (2^26 ns each), 48-55 ports, 56-63 state */
#define PW_WAY(tag, state, ports, until) \
	((__u64)(tag) | (__u64)(__u32)(until) << 16 | (__u64)(ports) << 48 | (__u64)(state) << 56)
#define PW_WAY_TAG(way) ((__u16)(way))
#define PW_WAY_UNTIL(way) ((__u32)((way) >> 16))
#define PW_WAY_STATE(way) ((__u32)((way) >> 56))

struct pw_slot {
	__u32 src[4];               /* masked to the prefix that is judged */
	__u32 dst[4];               /* of a block: the victim that found it */
	__u64 first_tick;
	__u64 port[PW_SLOT_PORTS];  /* last seen in ticks << 16 | port; 0 free. The 48 bits of a tick wrap: pw_age() */
};

struct pw_set {
	__u32 lock;
	__u32 spare;
	__u64 way[PW_WAYS];
	__u32 hits[PW_WAYS]; /* SYNs seen; of a block: packets dropped; no more than fit */
	__u64 spare2; /* nobody writes it: pw_nothing() */
	struct pw_slot slot[PW_WAYS];
};

/* The rest of way i of set n, number n * PW_WAYS + i. */
struct pw_more {
	__u64 port[PW_MAX_PORTS - PW_SLOT_PORTS];
	__u32 full_src[4];          /* as last seen */
	__u32 reason;               /* enum pw_block_reason */
	__u32 last_port;            /* of a block: the port that crossed the threshold, 0 none */
	__u32 port_count;           /* of a block: places of its ports */
	__u32 scan;                 /* of a block: enum pw_scan */
	struct pw_score score;
};

/* Inserted, deleted: guard; control for a user's commands. Read: guard, user space through its mapping. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PW_SETS);
	__type(key, __u32);
	__type(value, struct pw_set);
} pw_sets SEC(".maps");

/* As pw_sets. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PW_SETS * PW_WAYS);
	__type(key, __u32);
	__type(value, struct pw_more);
} pw_mores SEC(".maps");

#define PW_TICK(ns) ((ns) >> 10)
#define PW_WHEN(tick) ((__u32)((tick) >> 16))

/* Is `when` (2^26 ns each) still to come? The numbers wrap after nine years of uptime; their difference doesn't. */
static __always_inline int pw_after(__u32 when, __u32 now)
{
	return (__s32)(when - now) > 0;
}

/* One more, at most as many as can be told. */
static __always_inline void pw_hit(__u32 *hits)
{
	*hits += *hits != ~0u;
}

static __always_inline __u64 pw_hash(const __u32 *src)
{
	/* the upper half, constant for IPv4, beside the chain of two multiplications */
	const __u64 *half = (const __u64 *)src;
	__u64 h = half[0] * 0x9e3779b97f4a7c15;

	h = (h ^ half[1] ^ pw_opt.seed) * (pw_opt.seed >> 7 | 1);
	h = (h ^ h >> 32) * 0xbf58476d1ce4e5b9;
	return h ^ h >> 31;
}

static __always_inline struct pw_set *pw_set_of(__u64 hash)
{
	__u32 key = hash & (PW_SETS - 1);

	return bpf_map_lookup_elem(&pw_sets, &key);
}

static __always_inline struct pw_more *pw_more_of(__u64 hash, __u32 way)
{
	__u32 key = (hash & (PW_SETS - 1)) * PW_WAYS + (way & (PW_WAYS - 1));

	return bpf_map_lookup_elem(&pw_mores, &key);
}

/* Place of port number j; j is constant wherever the loop is unrolled. */
static __always_inline __u64 *pw_port_of(struct pw_slot *slot, struct pw_more *more, int j)
{
	return j < PW_SLOT_PORTS ? &slot->port[j] : &more->port[j - PW_SLOT_PORTS];
}

/* Never 0, which is the tag of a free way. */
static __always_inline __u16 pw_tag_of(__u64 hash)
{
	return hash >> 48 | 1;
}

/* 1 when the way has this tag, without a branch that nobody could predict. */
static __always_inline __u64 pw_has_tag(const struct pw_set *set, int i, __u16 tag)
{
	return ((__u64)(PW_WAY_TAG(set->way[i]) ^ tag) - 1) >> 63;
}

/* An address in 32 bits of which the upper ones are mixed best; not seeded: for what nobody gains by aiming at. */
static __always_inline __u32 pw_fold(const __u32 *addr)
{
	return (addr[0] ^ addr[1] * 5 ^ addr[2] * 3 ^ addr[3]) * 0x9e3779b1;
}

/* Are two addresses, both aligned to 8 bytes, the same? */
static __always_inline int pw_same(const __u32 *a, const __u32 *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return !((x[1] ^ y[1]) | (x[0] ^ y[0]));
}

/* Takes the lock in *word; 0 when it was not to be had. */
static __always_inline int pw_lock(__u32 *word)
{
	int i;

	for (i = 0; i < PW_LOCK_TRIES; i++) {
		__u32 seen = *(volatile __u32 *)word, had;

		if (!(seen & 1)) {
			had = __sync_val_compare_and_swap(word, seen, seen | 1);
			barrier_var(had); /* compared once, not made a flag and that compared */
			if (had == seen)
				return 1;
		}
		bpf_ktime_get_ns(); /* takes 20 ns: the verifier walks this loop at each use, so its turns are few */
	}
	return 0;
}

/* 0, which the verifier takes for any number. Added to what a branch has chosen, it makes one way of those that led there,
 * and all that follows is checked once. */
static __always_inline __u64 pw_nothing(const struct pw_set *set)
{
	return *(const volatile __u64 *)&set->spare2;
}

/* Clears bit 0 and counts the change. */
static __always_inline void pw_unlock(__u32 *word)
{
#ifdef __TARGET_ARCH_x86
	/* stores are seen in their order; a locked instruction would wait for each of them to reach the cache */
	asm volatile("" ::: "memory");
	*(volatile __u32 *)word = *(volatile __u32 *)word + 1;
#else
	__sync_fetch_and_add(word, 1);
#endif
}

static __always_inline void pw_set_way(struct pw_set *set, int i, __u64 way)
{
	*(volatile __u64 *)&set->way[i] = way;
}

static __always_inline void pw_count_blocks(int by)
{
	__u32 zero = 0;
	struct pw_shared *shared = bpf_map_lookup_elem(&pw_shared, &zero);

	if (shared)
		__sync_fetch_and_add(&shared->blocks, by);
}

/* Blocks in the table in the low half, blocks by prefix in the high one: 0 when nothing is blocked. */
static __always_inline __u64 pw_blocks(void)
{
	__u32 zero = 0;
	struct pw_shared *shared = bpf_map_lookup_elem(&pw_shared, &zero);

	return shared ? *(volatile __u64 *)&shared->blocks : 0;
}

/* The way that blocks this source now, or -1. Needs no lock: a torn read finds no equal address. What its callers do
 * with the number is short: the verifier may do it for each. */
static __always_inline int pw_blocked_way(struct pw_set *set, __u64 hash, const __u32 *src, __u32 now)
{
	int i;

#pragma unroll
	for (i = 0; i < PW_WAYS; i++)
		if (PW_WAY_TAG(set->way[i]) == pw_tag_of(hash) && PW_WAY_STATE(set->way[i]) == PW_WAY_BLOCKED &&
		    pw_after(PW_WAY_UNTIL(set->way[i]), now) && pw_same(set->slot[i].src, src))
			return i;
	return -1;
}

/* What way i is worth: 0 when its content is over; its number in the lowest bits. No branch that nobody could predict. */
static __always_inline __u64 pw_worth(const struct pw_set *set, int i, __u32 now)
{
	__u64 way = set->way[i];
	__u64 alive = (__s64)(__s32)(now - PW_WAY_UNTIL(way)) >> 63; /* all ones or nothing */

	return (way & alive & ~0xffffULL) | i; /* of equals the first: fewer cache lines */
}

static __always_inline __u64 pw_least(__u64 a, __u64 b)
{
	__s64 less = (__s64)(a - b); /* both are below 2^63 */

	barrier_var(less); /* else the compiler makes a branch of it */
	return b + (less & (less >> 63));
}

/* Under the lock: the way that a new state of this set may take. Free or expired ones first, then the least
 * suspicious and oldest; never a block that is in force, of which a set has two at most. */
static __always_inline int pw_victim_way(struct pw_set *set, __u32 now, struct pw_counters *c)
{
	__u64 least = pw_least(pw_least(pw_worth(set, 0, now), pw_worth(set, 1, now)),
			       pw_least(pw_worth(set, 2, now), pw_worth(set, 3, now)));
	int way = least & (PW_WAYS - 1);

	if (least >= PW_WAYS)
		c->evicted++;
	else if (PW_WAY_STATE(set->way[way]) == PW_WAY_BLOCKED)
		pw_count_blocks(-1);
	return way;
}

#endif
