/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a way of the table remembers of a (source, victim): its ports and when they were last touched. */
#ifndef PW_WAYS_H
#define PW_WAYS_H

#include "blocks.h"
#include "score.h"

/* Ticks since a port was touched, by the 48 bits of a tick that its entry keeps: they wrap after nine years of uptime,
 * the difference doesn't. Less than 0 when another CPU's clock reading is a little later than ours. */
static __always_inline __s64 pw_age(__u64 entry, __u64 tick)
{
	return (__s64)((tick << 16) - (entry & ~0xffffULL)) >> 16;
}

/* Was this port touched within the window? */
static __always_inline int pw_live(__u64 entry, __u64 tick)
{
	return entry && pw_age(entry, tick) <= (__s64)pw_opt.window_ticks;
}

/* When a pair that was seen at this tick is forgotten. */
static __always_inline __u32 pw_over(__u64 tick)
{
	return PW_WHEN(tick + pw_opt.window_ticks) + 1;
}

/* The way that counts this (source, victim), or -1; for a scan over addresses (seg says so) whatever its victim is. */
static __always_inline int pw_watched_way(struct pw_set *set, __u16 tag, const __u32 *src, const __u32 *dst,
					   const volatile struct pw_segment *seg)
{
	int i, way = -1;

#pragma unroll
	for (i = 0; i < PW_WAYS; i++)
		if (PW_WAY_TAG(set->way[i]) == tag && PW_WAY_STATE(set->way[i]) != PW_WAY_BLOCKED &&
		    pw_same(set->slot[i].src, src) &&
		    ((seg && seg->scan == PW_SCAN_HORIZONTAL) || pw_same(set->slot[i].dst, dst))) {
			way = i;
			break;
		}
	return way + pw_nothing(set);
}

/* Without the lock, by compare-and-exchange: a slot that was given away meanwhile has another value.
 * 1 when this port was known and is now fresh. */
static __always_inline int pw_refresh(struct pw_set *set, __u64 hash, __u32 i, __u16 port, __u64 tick)
{
	struct pw_slot *slot = &set->slot[i & 3];
	struct pw_more *more = pw_opt.slots > PW_SLOT_PORTS ? pw_more_of(hash, i) : 0;
	__u64 *way = &set->way[i & 3], old, fresh;
	int j;

	if (pw_opt.slots > PW_SLOT_PORTS && !more)
		return 0;
	for (j = 0; j < PW_MAX_PORTS && j < pw_opt.slots; j++) {
		__u64 *place = pw_port_of(slot, more, j);
		__u64 seen = *(volatile __u64 *)place;

		if ((__u16)seen != port || !pw_live(seen, tick))
			continue;
		if (pw_age(seen, tick) > 0)
			__sync_val_compare_and_swap(place, seen, tick << 16 | port);
		old = *(volatile __u64 *)way;
		fresh = PW_WAY(PW_WAY_TAG(old), PW_WAY_STATE(old), old >> 48 & 0xff, pw_over(tick));
		if (fresh != old && PW_WAY_STATE(old) != PW_WAY_BLOCKED)
			__sync_val_compare_and_swap(way, old, fresh);
		pw_hit(&set->hits[i & 3]);
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
	found->oldest_age = -(1LL << 47);
	for (j = 0; j < PW_MAX_PORTS && j < pw_opt.slots; j++) {
		__u64 *at = pw_port_of(slot, more, j), seen = *at;

		if (!pw_live(seen, tick)) {
			found->free = j;
			continue;
		}
		if ((__u16)seen == port) { /* another CPU was first */
			if (pw_age(seen, tick) > 0)
				*at = tick << 16 | port;
			found->known = 1;
			found->at = j;
		}
		found->ports[found->count & 15] = (__u16)seen;
		found->count = found->count + 1;
		if (pw_age(seen, tick) > found->oldest_age) {
			found->oldest_age = pw_age(seen, tick);
			found->oldest = j;
		}
	}
}

/* Under the lock: port takes place j; what became of the one that was there is forgotten. */
static __always_inline void pw_put_port(struct pw_slot *slot, struct pw_more *more, __u32 j, __u16 port, __u64 tick)
{
	if (pw_keeps_outcomes() && j < PW_MAX_PORTS)
		pw_set_outcome(&more->score, j, PW_PENDING);
	if (j < PW_SLOT_PORTS)
		slot->port[j] = tick << 16 | port;
	else if (j < PW_MAX_PORTS)
		more->port[j - PW_SLOT_PORTS] = tick << 16 | port;
}

/* How many ways have this tag, and which one if it is one: none for a new source, one for nearly any other. */
static __always_inline int pw_ways_of(const struct pw_set *set, __u16 tag, int *way)
{
	__u64 one = pw_has_tag(set, 1, tag), two = pw_has_tag(set, 2, tag), three = pw_has_tag(set, 3, tag);

	*way = one + 2 * two + 3 * three;
	return pw_has_tag(set, 0, tag) + one + two + three;
}

#endif
