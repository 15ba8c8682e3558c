/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The reference rule: a source that touched more than T distinct ports of one of our addresses within the window
 * is scanning. The window slides: a port counts until it was not touched for the window's length. */
#ifndef PW_RULE_H
#define PW_RULE_H

#include "blocks.h"
#include "packet.h"

enum pw_judged {
	PW_JUDGED_PASS,
	PW_JUDGED_DROP, /* a blocked source */
	PW_JUDGED_SCAN, /* this SYN crossed the threshold; struct pw_found says more */
};

/* Was this port touched within the window? */
static __always_inline int pw_live(__u64 entry, __u64 tick)
{
	/* signed: another CPU's clock reading may be a little later than ours */
	return entry && (__s64)(tick - (entry >> 16)) <= (__s64)pw_opt.window_ticks;
}

/* When a pair that was seen at this tick is forgotten. */
static __always_inline __u32 pw_over(__u64 tick)
{
	return PW_WHEN(tick + pw_opt.window_ticks) + 1;
}

/* The way that counts this (source, victim), or -1. */
static __always_inline int pw_watched_way(struct pw_set *set, __u64 hash, const __u32 *src, const __u32 *dst)
{
	int i;

#pragma unroll
	for (i = 0; i < PW_WAYS; i++)
		if (PW_WAY_TAG(set->way[i]) == pw_tag_of(hash) && PW_WAY_STATE(set->way[i]) != PW_WAY_BLOCKED &&
		    pw_same(set->slot[i].src, src) && pw_same(set->slot[i].dst, dst))
			return i;
	return -1;
}

/* Without the lock, by compare-and-exchange: a slot that was given away meanwhile has another value.
 * 1 when this port was known and is now fresh. */
static __always_inline int pw_refresh(struct pw_set *set, __u64 hash, __u32 i, __u16 port, __u64 tick)
{
	struct pw_slot *slot = &set->slot[i & 3];
	struct pw_more *more = pw_more_of(hash, i);
	__u64 *way = &set->way[i & 3], old, fresh;
	int j;

	if (!more)
		return 0;
	for (j = 0; j < PW_MAX_PORTS && j < pw_opt.ports; j++) {
		__u64 *place = pw_port_of(slot, more, j);
		__u64 seen = *(volatile __u64 *)place;

		if ((__u16)seen != port || !pw_live(seen, tick))
			continue;
		if (seen >> 16 != tick)
			__sync_val_compare_and_swap(place, seen, tick << 16 | port);
		old = *(volatile __u64 *)way;
		fresh = PW_WAY(PW_WAY_TAG(old), PW_WAY_STATE(old), old >> 48 & 0xff, pw_over(tick));
		if (fresh != old && PW_WAY_STATE(old) != PW_WAY_BLOCKED)
			__sync_val_compare_and_swap(way, old, fresh);
		set->hits[i & 3]++;
		return 1;
	}
	return 0;
}

/* Under the lock: looks at every port of this pair: which are live, which place is free, which is oldest. The results go
 * through memory, where the verifier loses track of them: else it would check each combination of T ports. */
static __always_inline void pw_look(volatile struct pw_found *found, struct pw_slot *slot, struct pw_more *more,
				    __u16 port, __u64 tick)
{
	int j;

	found->count = 0;
	found->known = 0;
	found->free = PW_MAX_PORTS;
	found->oldest = 0;
	found->oldest_tick = ~0ULL;
	for (j = 0; j < PW_MAX_PORTS && j < pw_opt.ports; j++) {
		__u64 *at = pw_port_of(slot, more, j), seen = *at;

		if (!pw_live(seen, tick)) {
			found->free = j;
			continue;
		}
		if ((__u16)seen == port) { /* another CPU was first */
			*at = tick << 16 | port;
			found->known = 1;
		}
		found->ports[found->count & 15] = (__u16)seen;
		found->count = found->count + 1;
		if (seen >> 16 < found->oldest_tick) {
			found->oldest_tick = seen >> 16;
			found->oldest = j;
		}
	}
}

static __always_inline void pw_put_port(struct pw_slot *slot, struct pw_more *more, __u32 j, __u16 port, __u64 tick)
{
	if (j < PW_SLOT_PORTS)
		slot->port[j] = tick << 16 | port;
	else if (j < PW_MAX_PORTS)
		more->port[j - PW_SLOT_PORTS] = tick << 16 | port;
}

/* Under the lock: way i watches this pair, port is new to it. */
static __always_inline int pw_new_port(struct pw_set *set, __u64 hash, __u32 i, const struct pw_ends *e, __u16 port,
				       __u64 tick, volatile struct pw_found *found, struct pw_counters *c)
{
	struct pw_slot *slot = &set->slot[i & 3];
	struct pw_more *more = pw_more_of(hash, i);
	__u32 state = PW_WAY_STATE(set->way[i & 3]), live;
	__u16 tag = pw_tag_of(hash);

	if (!more)
		return PW_JUDGED_PASS;
	set->hits[i & 3]++;
	pw_look(found, slot, more, port, tick);
	if (found->known)
		return PW_JUDGED_PASS;
	live = found->count;
	if (live < pw_opt.ports) {
		pw_put_port(slot, more, found->free, port, tick);
		pw_set_way(set, i & 3, PW_WAY(tag, PW_WAY_WATCHED, live + 1, pw_over(tick)));
		return PW_JUDGED_PASS;
	}
	found->ports[live & 15] = port;
	found->count = live + 1;
	found->syns = set->hits[i & 3];
	found->first_tick = slot->first_tick;
	found->until_tick = 0;
	found->spared = pw_opt.dry_run || pw_spared(e->src);
	more->full_src[0] = e->src[0];
	more->full_src[1] = e->src[1];
	more->full_src[2] = e->src[2];
	more->full_src[3] = e->src[3];
	more->last_port = port;
	more->port_count = pw_opt.ports;
	if (pw_opt.block && !found->spared && (__u32)pw_blocks() >= pw_opt.block_max) {
		c->blocks_refused++;
		found->spared = 1;
	}
	if (pw_opt.block && !found->spared) {
		found->until_tick = tick + pw_opt.ttl_ticks;
		pw_make_block(set, hash, i, PW_BLOCK_SYNS, tick + pw_opt.ttl_ticks, PW_WHEN(tick), c);
		return PW_JUDGED_SCAN;
	}
	pw_put_port(slot, more, found->oldest, port, tick);
	pw_set_way(set, i & 3, PW_WAY(tag, PW_WAY_FOUND, live + 1, pw_over(tick)));
	return state == PW_WAY_FOUND ? PW_JUDGED_PASS : PW_JUDGED_SCAN;
}

/* Under the lock: the first sight of this (source, victim). */
static __always_inline void pw_new_pair(struct pw_set *set, __u64 hash, __u16 tag, const __u32 *src, const __u32 *dst, __u16 port,
					__u64 tick, struct pw_counters *c)
{
	__u32 i = pw_victim_way(set, PW_WHEN(tick), c);
	struct pw_slot *slot = &set->slot[i & 3];
	struct pw_more *more = pw_more_of(hash, i);
	int j;

	if (!more)
		return;
	pw_set_way(set, i, 0);
	__builtin_memcpy(slot->src, src, 16);
	__builtin_memcpy(slot->dst, dst, 16);
	slot->port[0] = tick << 16 | port;
	for (j = 1; j < PW_MAX_PORTS && j < pw_opt.ports; j++)
		*pw_port_of(slot, more, j) = 0;
	slot->first_tick = tick;
	set->hits[i] = 1;
	pw_set_way(set, i, PW_WAY(tag, PW_WAY_WATCHED, 1, pw_over(tick)));
}

/* How many ways have this tag, and which one if it is one: none for a new source, one for nearly any other. */
static __always_inline int pw_ways_of(const struct pw_set *set, __u16 tag, int *way)
{
	__u64 one = pw_has_tag(set, 1, tag), two = pw_has_tag(set, 2, tag), three = pw_has_tag(set, 3, tag);

	*way = one + 2 * two + 3 * three;
	return pw_has_tag(set, 0, tag) + one + two + three;
}

/* A SYN from e->src to port of our own address e->dst. */
static __always_inline int pw_judge(const struct pw_ends *e, int v6, __u16 port, __u64 tick, volatile struct pw_found *found,
				    struct pw_counters *c)
{
	__u32 key[4] __attribute__((aligned(8)));
	struct pw_set *set;
	__u64 hash;
	__u16 tag;
	int way, ways, judged;

	pw_key(key, e->src, v6);
	hash = pw_hash(key);
	tag = pw_tag_of(hash);
	set = pw_set_of(hash);
	if (!set)
		return PW_JUDGED_PASS;
	ways = pw_ways_of(set, tag, &way);
	if (ways) {
		int blocked;

		if (ways > 1 || PW_WAY_STATE(set->way[way & 3]) == PW_WAY_BLOCKED) {
			blocked = pw_blocked_way(set, hash, key, PW_WHEN(tick));
			if (blocked >= 0) {
				if (v6 && pw_spared(e->src))
					return PW_JUDGED_PASS; /* its neighbour in the prefix was blocked */
				set->hits[blocked & 3]++;
				return PW_JUDGED_DROP;
			}
			way = pw_watched_way(set, hash, key, e->dst);
		} else if (!pw_same(set->slot[way & 3].src, key) || !pw_same(set->slot[way & 3].dst, e->dst)) {
			way = -1;
		}
		if (way >= 0 && pw_refresh(set, hash, way, port, tick))
			return PW_JUDGED_PASS;
	}
	if (!pw_opt.ports)
		return PW_JUDGED_PASS;
	if (!pw_lock(&set->lock)) {
		c->contended++;
		return PW_JUDGED_PASS;
	}
	judged = PW_JUDGED_PASS;
	if (!pw_ways_of(set, tag, &way)) {
		pw_new_pair(set, hash, tag, key, e->dst, port, tick, c);
	} else if (pw_blocked_way(set, hash, key, PW_WHEN(tick)) >= 0) {
		judged = PW_JUDGED_DROP;
	} else {
		way = pw_watched_way(set, hash, key, e->dst);
		if (way >= 0)
			judged = pw_new_port(set, hash, way, e, port, tick, found, c);
		else
			pw_new_pair(set, hash, tag, key, e->dst, port, tick, c);
	}
	pw_unlock(&set->lock);
	return judged;
}

#endif
