/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is judged of a source. The reference rule: a source that touched more than T distinct ports of one of our
 * addresses within the window is scanning. The window slides: a port counts until it was not touched for the window's
 * length. What no honest peer sends is judged so under either rule; SYNs by their outcomes under the weighted one. */
#ifndef PW_RULE_H
#define PW_RULE_H

#include "verdict.h"

/* Under the lock: way found->way watches this pair, port (or, for a scan over addresses, address) is new to it. */
static __always_inline int pw_new_port(struct pw_set *set, __u64 hash, const volatile struct pw_segment *seg, __u16 item,
				       __u16 port, __u64 tick, volatile struct pw_found *found)
{
	__u32 i = found->way, live, place;
	struct pw_slot *slot = &set->slot[i & 3];
	struct pw_more *more = pw_more_of(hash, i);

	if (!more)
		return PW_JUDGED_PASS;
	pw_hit(&set->hits[i & 3]);
	pw_look(found, slot, more, item, tick);
	if (found->known)
		return PW_JUDGED_PASS;
	live = found->count;
	if (!pw_opt.weighted && seg->scan == PW_SCAN_HORIZONTAL) {
		found->ports[0] = port;
		found->count = 1;
		found->hosts = live + 1;
	} else {
		found->ports[live & 15] = item;
		found->count = live + 1;
	}
	if (pw_opt.weighted && seg->scan == PW_SCAN_VERTICAL) {
		pw_ripen(slot, more, tick);
		place = live < PW_MAX_PORTS ? found->free : found->oldest;
		pw_put_port(slot, more, place, item, tick);
		pw_add_score(&more->score, PW_SCORE_YOUNG, PW_WHEN(tick));
		if (more->score.silent < 0xffff)
			more->score.silent++;
		return PW_JUDGED_WEIGH;
	}
	if (live < (seg->scan == PW_SCAN_VERTICAL ? pw_opt.ports : PW_ODD_PORTS)) {
		pw_put_port(slot, more, found->free, item, tick);
		pw_set_way(set, i & 3, PW_WAY(PW_WAY_TAG(set->way[i & 3]), PW_WAY_WATCHED, live + 1, pw_over(tick)));
		return PW_JUDGED_PASS;
	}
	found->scan = seg->scan;
	found->item = item;
	return PW_JUDGED_OVER;
}

/* Under the lock: the first sight of this (source, victim). */
static __always_inline int pw_new_pair(struct pw_set *set, __u64 hash, __u16 tag, const __u32 *src, const __u32 *dst,
				       const volatile struct pw_segment *seg, __u16 item, __u64 tick,
				       volatile struct pw_found *found, struct pw_counters *c)
{
	__u32 i = pw_victim_way(set, PW_WHEN(tick), c);
	struct pw_slot *slot = &set->slot[i & 3];
	struct pw_more *more = pw_more_of(hash, i);
	__s32 carried = 0;
	__u16 hosts = 0, trust = 0;
	__u32 trusted_at = 0;
	int j;

	if (!more)
		return PW_JUDGED_PASS;
	found->way = i;
	if (pw_opt.weighted && PW_WAY_TAG(set->way[i & 3]) == tag &&
	    pw_after(PW_WAY_UNTIL(set->way[i & 3]), PW_WHEN(tick)) && pw_same(slot->src, src)) { /* a source that displaces itself keeps what it did */
		carried = pw_decayed(&more->score, PW_WHEN(tick));
		hosts = more->score.hosts;
		trust = more->score.trust;
		trusted_at = more->score.trusted_at;
	}
	pw_set_way(set, i, 0);
	__builtin_memcpy(slot->src, src, 16);
	__builtin_memcpy(slot->dst, dst, 16);
	slot->port[0] = tick << 16 | item;
	for (j = 1; j < PW_MAX_PORTS && j < pw_opt.slots; j++)
		*pw_port_of(slot, more, j) = 0;
	slot->first_tick = tick;
	set->hits[i] = 1;
	pw_set_way(set, i, PW_WAY(tag, PW_WAY_WATCHED, 1, pw_over(tick)));
	if (pw_keeps_outcomes())
		__builtin_memset(&more->score, 0, sizeof(more->score));
	if (pw_opt.weighted && seg->scan == PW_SCAN_VERTICAL) {
		more->score.value = (carried > 0 ? carried : 0) + PW_SCORE_YOUNG;
		more->score.at = PW_WHEN(tick);
		more->score.hosts = hosts < 0xffff ? hosts + 1 : hosts;
		more->score.trust = trust;
		more->score.trusted_at = trusted_at;
		more->score.silent = 1;
		found->ports[0] = item;
		found->count = 1;
		return PW_JUDGED_WEIGH;
	}
	return PW_JUDGED_PASS;
}

/* By which tag this is counted: what no honest peer sends has ways of its own, and so has each port over which addresses
 * are counted. Stealth scans of all forms share one. A block always has the source's plain tag. */
static __always_inline __u16 pw_tag_for(__u16 tag, __u32 scan, __u16 port)
{
	__u16 mark = scan == PW_SCAN_UDP	? 0x5500 :
		     scan == PW_SCAN_ACK	? 0x4100 :
		     scan == PW_SCAN_HORIZONTAL ? (port * 0x9e38 | 2) :
						  0x5300;

	return tag ^ mark;
}

/* Something of e->src touched port of our own address e->dst: a SYN (PW_SCAN_VERTICAL), or what c->segment says. */
static __always_inline int pw_judge(const struct pw_ends *e, __u16 port, __u64 tick,
				    volatile struct pw_found *found, struct pw_counters *c)
{
	__u32 key[4] __attribute__((aligned(8)));
	const volatile struct pw_segment *seg = &c->segment;
	__u16 item = port;
	struct pw_set *set;
	__u64 hash;
	__u16 tag, marked;
	int syn = seg->scan == PW_SCAN_VERTICAL, way, ways, judged;

	pw_key(key, e->src, pw_is_v6(e));
	hash = pw_hash(key);
	tag = pw_tag_of(hash);
	marked = tag;
	if (__builtin_expect(!syn, 0)) {
		marked = pw_tag_for(tag, seg->scan, port);
		if (seg->scan == PW_SCAN_HORIZONTAL)
			item = pw_fold(e->dst) >> 16;
	}
	set = pw_set_of(hash);
	if (!set)
		return PW_JUDGED_PASS;
	ways = pw_ways_of(set, tag, &way);
	if (ways || !syn) {
		int blocked;

		if (ways != 1 || !syn || PW_WAY_STATE(set->way[way & 3]) == PW_WAY_BLOCKED) {
			blocked = pw_blocked_way(set, hash, key, PW_WHEN(tick));
			if (blocked >= 0) {
				if (pw_is_v6(e) && pw_spared(e->src))
					return PW_JUDGED_PASS; /* its neighbour in the prefix was blocked */
				pw_hit(&set->hits[blocked & 3]);
				return PW_JUDGED_DROP;
			}
			way = pw_watched_way(set, marked, key, e->dst, seg);
		} else if (!pw_same(set->slot[way & 3].src, key) || !pw_same(set->slot[way & 3].dst, e->dst)) {
			way = -1;
		}
		if (way >= 0 && pw_refresh(set, hash, way, item, tick))
			return PW_JUDGED_PASS;
	}
	if (!pw_opt.ports)
		return PW_JUDGED_PASS;
	if (!pw_lock(&set->lock)) {
		c->contended++;
		return PW_JUDGED_PASS;
	}
	found->way = -1;
	found->judged = PW_JUDGED_PASS;
	if (pw_ways_of(set, tag, &way) || seg->scan != PW_SCAN_VERTICAL) {
		if (pw_blocked_way(set, hash, key, PW_WHEN(tick)) >= 0)
			found->judged = PW_JUDGED_DROP;
		else
			found->way = pw_watched_way(set, marked, key, e->dst, seg);
	}
	if (found->judged == PW_JUDGED_PASS) {
		if (found->way >= 0)
			found->judged = pw_new_port(set, hash, seg, item, port, tick, found);
		else
			found->judged = pw_new_pair(set, hash, marked, key, e->dst, seg, item, tick, found, c);
	}
	judged = pw_conclude(set, hash, e, port, tick, found, c);
	pw_unlock(&set->lock);
	return judged;
}

/* The weighted rule: what became of e->src's SYN to port of our own address e->dst. `outcome` is PW_ANSWERED, PW_COUNTED
 * (closed; `half`: half-open) or PW_OPENED. */
static __always_inline int pw_judge_outcome(const struct pw_ends *e, __u16 port, __u32 outcome, int half,
					    __u64 tick, volatile struct pw_found *found, struct pw_counters *c)
{
	__u32 key[4] __attribute__((aligned(8))), now = PW_WHEN(tick), before;
	int way, judged = PW_JUDGED_PASS;
	struct pw_score *score;
	struct pw_more *more;
	struct pw_set *set;
	__u64 hash;
	__u16 tag;

	pw_key(key, e->src, pw_is_v6(e));
	hash = pw_hash(key);
	tag = pw_tag_of(hash);
	set = pw_set_of(hash);
	if (!set || !pw_ways_of(set, tag, &way))
		return PW_JUDGED_PASS;
	if (!pw_lock(&set->lock)) {
		c->contended++;
		return PW_JUDGED_PASS;
	}
	way = pw_watched_way(set, tag, key, e->dst, 0);
	more = pw_more_of(hash, way);
	if (way >= 0 && more) {
		score = &more->score;
		pw_look(found, &set->slot[way & 3], more, port, tick);
		before = found->known ? pw_outcome_of(score, found->at) : PW_COUNTED;
		if (outcome == PW_OPENED) {
			pw_trust(score, now);
			if (pw_opt.weighted)
				pw_add_score(score, -PW_SCORE_OPENED, now);
			/* a flood of others must not make it forgotten */
			pw_set_way(set, way & 3,
				   PW_WAY(tag, PW_WAY_STATE(set->way[way & 3]), pw_worth_of(score, found->count), pw_over(tick)));
		}
		if (pw_opt.weighted && before == PW_PENDING) {
			pw_add_score(score, -PW_SCORE_YOUNG, now);
			if (score->silent)
				score->silent--;
		}
		if (outcome == PW_COUNTED && before == (half ? PW_ANSWERED : PW_PENDING) &&
		    (!half || found->count == 1 || score->closed || score->silent)) {
			if (half && score->half < 0xffff)
				score->half++;
			if (!half && score->closed < 0xffff)
				score->closed++;
			pw_add_score(score, half ? PW_SCORE_HALF : PW_SCORE_CLOSED, now);
			pw_set_outcome(score, found->at, PW_COUNTED);
			found->way = way;
			found->judged = PW_JUDGED_WEIGH;
			judged = pw_conclude(set, hash, e, port, tick, found, c);
		} else if (found->known && outcome != PW_COUNTED && before != PW_COUNTED) {
			pw_set_outcome(score, found->at, outcome);
		}
	}
	pw_unlock(&set->lock);
	return judged;
}

#endif
