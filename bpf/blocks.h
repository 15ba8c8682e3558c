/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is judged and blocked for a source, who never is, and how a way of the table becomes a block. */
#ifndef PW_BLOCKS_H
#define PW_BLOCKS_H

#include "packet.h"
#include "table.h"

#define PW_NESTED 4 /* prefixes of which each contains the next, whose time is over and which nobody has removed yet */

/* Is this one of our own addresses, or the prefix of one? */
static __always_inline int pw_in_locals(const struct pw_locals *locals, const __u32 *addr)
{
	__u32 place = ((addr[0] ^ addr[1] ^ addr[3]) * locals->mul) >> 23, i; /* 32 bits to PW_LOCALS */

#pragma unroll
	for (i = 0; i < 4; i++)
		if (pw_same(locals->addr[(place + i) & (PW_LOCALS - 1)], addr))
			return 1;
	return 0;
}

/* Does this address belong to this host? */
static __always_inline int pw_is_local(const __u32 *addr)
{
	struct pw_locals *locals;
	__u32 zero = 0;

	if (addr[2] == PW_V4_PREFIX && !(addr[0] | addr[1]) && (addr[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000))
		return 1;
	locals = bpf_map_lookup_elem(&pw_locals, &zero);
	return locals && (pw_in_locals(locals, addr) || locals->all);
}

/* Has this host enough addresses for a scan over them? */
static __always_inline int pw_many_locals(void)
{
	struct pw_locals *locals;
	__u32 zero = 0;

	locals = bpf_map_lookup_elem(&pw_locals, &zero);
	return locals && locals->many;
}

/* What is judged and blocked for a source: an IPv6 one by its prefix, unless that is a prefix of our own. Neighbours
 * on the link share it with us, our gateway and our resolvers: they are judged one by one. 1: in full. */
static __always_inline int pw_key(__u32 *key, const __u32 *src, int v6)
{
	const volatile __u64 *mask = (const volatile __u64 *)pw_opt.v6_mask;
	const __u64 *from = (const __u64 *)src;
	__u64 *to = (__u64 *)key;
	struct pw_locals *locals;
	__u32 zero = 0;

	to[0] = from[0];
	to[1] = from[1];
	if (!v6)
		return 1;
	to[0] &= mask[0];
	to[1] &= mask[1];
	locals = bpf_map_lookup_elem(&pw_locals, &zero);
	if (!locals || !pw_in_locals(locals, key))
		return 0;
	to[0] = from[0];
	to[1] = from[1];
	return 1;
}

/* Under the lock: makes way i, whose slot is filled and which is none yet, a block. At most two of a set may be: a third one ends the
 * one that ends soonest, SYN-only evidence first. An older block of the same source, which is over, gives its way
 * back: clearing it later by the source's address would end this one. */
static __always_inline void pw_make_block(struct pw_set *set, __u64 hash, __u32 i, __u32 reason, __u64 until,
					  __u32 now, struct pw_counters *c)
{
	struct pw_more *more = pw_more_of(hash, i);
	struct pw_slot *slot = &set->slot[i & 3];
	__u64 best = ~pw_nothing(set);
	int others = pw_nothing(set), loser = pw_nothing(set), k;

	i &= 3;
#pragma unroll
	for (k = 0; k < PW_WAYS; k++) {
		struct pw_more *other = pw_more_of(hash, k);
		struct pw_slot *place = &set->slot[k];
		__u64 worth;

		if (!other || PW_WAY_STATE(set->way[k]) != PW_WAY_BLOCKED)
			continue;
		if (pw_same(place->src, slot->src)) {
			pw_set_way(set, k, 0);
			pw_count_blocks(-1);
			continue;
		}
		others++;
		worth = 0; /* what is left of it */
		if (pw_after(PW_WAY_UNTIL(set->way[k]), now)) {
			worth = PW_WAY_UNTIL(set->way[k]) - now;
			if (other->reason != PW_BLOCK_SYNS)
				worth |= 1ULL << 32;
		}
		if (worth < best) {
			best = worth;
			loser = k + pw_nothing(set);
		}
	}
	if (others >= 2) {
		if (best)
			c->blocks_replaced++;
		pw_set_way(set, loser & 3, 0);
	} else {
		pw_count_blocks(1);
	}
	if (more)
		more->reason = reason;
	set->hits[i] = 0;
	pw_set_way(set, i, PW_WAY(pw_tag_of(hash), PW_WAY_BLOCKED, 0, PW_WHEN(until) + 1));
	c->blocked++;
}

/* Is this very source on the never-block list? Asked at a verdict, and before a block of a whole prefix drops. */
static __always_inline int pw_spared(const __u32 *src)
{
	struct pw_prefix key = { 128, { src[0], src[1], src[2], src[3] } };

	return bpf_map_lookup_elem(&pw_never, &key) != 0;
}

/* Is this source within a prefix that is blocked now? What is on the never-block list passes. A longer prefix whose
 * time is over hides a shorter one: then that is asked, PW_NESTED times at most. */
static __always_inline int pw_in_net(const __u32 *src, __u64 tick)
{
	struct pw_prefix key = { 128, { src[0], src[1], src[2], src[3] } };
	int i;

#pragma unroll
	for (i = 0; i < PW_NESTED; i++) {
		struct pw_net *net = bpf_map_lookup_elem(&pw_nets, &key);

		if (!net)
			return 0;
		if (net->until_tick > tick) {
			if (pw_spared(src))
				return 0;
			if (net->hits != ~0u) /* no more than can be told */
				__sync_fetch_and_add(&net->hits, 1);
			return 1;
		}
		if (!net->length)
			return 0;
		key.length = net->length - 1;
	}
	return 0;
}

/* Is a source that is not judged blocked by itself? Asked only while anything is. */
static __always_inline int pw_is_blocked(const struct pw_ends *e, __u64 tick)
{
	__u32 key[4] __attribute__((aligned(8)));
	struct pw_set *set;
	__u64 hash;
	int way;

	pw_key(key, e->src, pw_is_v6(e));
	hash = pw_hash(key);
	set = pw_set_of(hash);
	if (!set)
		return 0;
	way = pw_blocked_way(set, hash, key, PW_WHEN(tick));
	if (way < 0 || (pw_is_v6(e) && pw_spared(e->src)))
		return 0;
	pw_hit(&set->hits[way & 3]);
	return 1;
}

#endif
