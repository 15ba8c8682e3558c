/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is judged of a source. The reference rule: a source that touched more than T distinct ports of one of our
 * addresses within the window is scanning. The window slides: a port counts until it was not touched for the window's
 * length. What no honest peer sends is judged so under either rule; SYNs by their outcomes under the weighted one. */
#ifndef PW_RULE_H
#define PW_RULE_H

#include "blocks.h"
#include "packet.h"
#include "score.h"

enum pw_judged {
	PW_JUDGED_PASS,
	PW_JUDGED_DROP, /* a blocked source */
	PW_JUDGED_SCAN, /* this packet crossed the threshold; struct pw_found says more */
	PW_JUDGED_WEIGH, /* on the way there: the score is to be looked at ... */
	PW_JUDGED_OVER,  /* ... the threshold was crossed */
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

/* The way that counts this (source, victim), or -1; for a scan over addresses whatever its victim is. */
static __always_inline int pw_watched_way(struct pw_set *set, __u16 tag, const __u32 *src, const __u32 *dst, __u32 scan)
{
	int i;

#pragma unroll
	for (i = 0; i < PW_WAYS; i++)
		if (PW_WAY_TAG(set->way[i]) == tag && PW_WAY_STATE(set->way[i]) != PW_WAY_BLOCKED &&
		    pw_same(set->slot[i].src, src) &&
		    (scan == PW_SCAN_HORIZONTAL || pw_same(set->slot[i].dst, dst)))
			return i;
	return -1;
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
		if ((__s64)(tick - (seen >> 16)) > 0) /* another CPU's clock may be a little ahead */
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
	for (j = 0; j < PW_MAX_PORTS && j < pw_opt.slots; j++) {
		__u64 *at = pw_port_of(slot, more, j), seen = *at;

		if (!pw_live(seen, tick)) {
			found->free = j;
			continue;
		}
		if ((__u16)seen == port) { /* another CPU was first */
			if ((__s64)(tick - (seen >> 16)) > 0)
				*at = tick << 16 | port;
			found->known = 1;
			found->at = j;
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

/* Under the lock: what was seen of way i is a scan. Blocks its source, unless it is to be spared. */
static __always_inline int pw_verdict(struct pw_set *set, __u64 hash, __u32 i, const struct pw_ends *e, __u32 scan,
				      __u16 port, __u64 tick, volatile struct pw_found *found, struct pw_counters *c)
{
	struct pw_slot *slot = &set->slot[i & 3];
	struct pw_more *more = pw_more_of(hash, i);
	__u32 state = PW_WAY_STATE(set->way[i & 3]);
	__u64 ttl = pw_opt.ttl_ticks;
	__u32 reason = PW_BLOCK_SYNS;

	if (!more)
		return PW_JUDGED_PASS;
	if (!pw_opt.weighted || scan > PW_SCAN_HORIZONTAL) {
		found->closed = found->silent = found->half = 0;
		found->score = 0;
		found->opened = pw_opt.block || pw_opt.retell ? more->score.opened : 0;
		if (scan != PW_SCAN_HORIZONTAL)
			found->hosts = 1;
	}
	found->syns = set->hits[i & 3];
	found->first_tick = slot->first_tick;
	found->until_tick = 0;
	found->confirmed = (pw_opt.weighted || pw_opt.block || pw_opt.retell) && pw_is_confirmed(&more->score);
	found->trusted = pw_opt.weighted && pw_is_trusted(set, hash, slot->src, PW_WHEN(tick));
	found->spared = pw_opt.dry_run || found->trusted || pw_spared(e->src);
	more->full_src[0] = e->src[0];
	more->full_src[1] = e->src[1];
	more->full_src[2] = e->src[2];
	more->full_src[3] = e->src[3];
	more->last_port = port;
	more->port_count = scan == PW_SCAN_HORIZONTAL && !pw_opt.weighted ? 0 : pw_opt.slots;
	more->scan = scan;
	if (pw_opt.block && !found->spared && (__u32)pw_blocks() >= pw_opt.block_max) {
		c->blocks_refused++;
		found->spared = 1;
	}
	if (pw_opt.block && !found->spared) {
		if (found->confirmed) {
			reason = PW_BLOCK_CONFIRMED;
			ttl = pw_opt.confirmed_ticks;
		}
		found->until_tick = tick + ttl;
		slot->dst[0] = e->dst[0]; /* of a scan over addresses the latest */
		slot->dst[1] = e->dst[1];
		slot->dst[2] = e->dst[2];
		slot->dst[3] = e->dst[3];
		pw_make_block(set, hash, i, reason, tick + ttl, PW_WHEN(tick), c);
		return PW_JUDGED_SCAN;
	}
	pw_put_port(slot, more, found->oldest, found->item, tick);
	pw_set_way(set, i & 3, PW_WAY(PW_WAY_TAG(set->way[i & 3]), PW_WAY_FOUND, PW_MAX_PORTS, pw_over(tick)));
	if (state == PW_WAY_FOUND && (!pw_opt.retell || PW_WHEN(tick) - more->score.told_at < pw_opt.retell))
		return PW_JUDGED_PASS;
	more->score.told_at = PW_WHEN(tick);
	return PW_JUDGED_SCAN;
}

/* Under the lock: of the pending ports those that are young no more count in full. */
static __always_inline void pw_ripen(struct pw_slot *slot, struct pw_more *more, __u64 tick)
{
	struct pw_score *score = &more->score;
	int j, ripe = 0;

	for (j = 0; j < PW_MAX_PORTS; j++) {
		__u64 seen = *pw_port_of(slot, more, j);

		if (pw_outcome_of(score, j) == PW_PENDING && pw_live(seen, tick) && (__s64)(tick - (seen >> 16)) > PW_YOUNG) {
			pw_set_outcome(score, j, PW_COUNTED);
			ripe++;
		}
	}
	pw_add_score(score, ripe * (PW_SCORE_SILENT - PW_SCORE_YOUNG), PW_WHEN(tick));
}

/* Under the lock: has the score crossed? `found` holds the live ports of this pair. */
static __always_inline int pw_weigh(struct pw_set *set, __u64 hash, __u32 i, __u64 tick, volatile struct pw_found *found)
{
	struct pw_more *more = pw_more_of(hash, i);
	__u32 now = PW_WHEN(tick), state, worth, scan;
	__s32 score;

	if (!more)
		return PW_JUDGED_PASS;
	score = pw_score_of(set, hash, i, now, &found->hosts);
	if (score >= PW_SCORE_SCAN) {
		found->score = score;
		found->closed = more->score.closed;
		found->silent = more->score.silent;
		found->half = more->score.half;
		found->opened = more->score.opened;
		scan = found->hosts > 2 && pw_decayed(&more->score, now) < PW_SCORE_SCAN ? PW_SCAN_HORIZONTAL :
											PW_SCAN_VERTICAL;
		found->scan = scan;
		found->oldest = PW_MAX_PORTS; /* the port has its place */
		return PW_JUDGED_OVER;
	}
	state = PW_WAY_STATE(set->way[i & 3]);
	worth = found->count + more->score.trust;
	pw_set_way(set, i & 3,
		   PW_WAY(pw_tag_of(hash), state == PW_WAY_FOUND && score > PW_SCORE_SCAN / 2 ? PW_WAY_FOUND : PW_WAY_WATCHED,
			  worth > 0xff ? 0xff : worth, pw_over(tick)));
	return PW_JUDGED_PASS;
}

/* Under the lock: way i watches this pair, port (or, for a scan over addresses, address) is new to it. */
static __always_inline int pw_new_port(struct pw_set *set, __u64 hash, __u32 i, __u32 scan, __u16 item, __u16 port,
				       __u64 tick, volatile struct pw_found *found)
{
	struct pw_slot *slot = &set->slot[i & 3];
	struct pw_more *more = pw_more_of(hash, i);
	__u32 live, limit = scan == PW_SCAN_VERTICAL ? pw_opt.ports : PW_ODD_PORTS, place;

	if (!more)
		return PW_JUDGED_PASS;
	found->way = i;
	set->hits[i & 3]++;
	pw_look(found, slot, more, item, tick);
	if (found->known)
		return PW_JUDGED_PASS;
	live = found->count;
	if (scan == PW_SCAN_HORIZONTAL && !pw_opt.weighted) {
		found->ports[0] = port;
		found->count = 1;
		found->hosts = live + 1;
	} else {
		found->ports[live & 15] = item;
		found->count = live + 1;
	}
	if (pw_opt.weighted && scan == PW_SCAN_VERTICAL) {
		pw_ripen(slot, more, tick);
		place = live < PW_MAX_PORTS ? found->free : found->oldest;
		pw_put_port(slot, more, place, item, tick);
		pw_set_outcome(&more->score, place, PW_PENDING);
		pw_add_score(&more->score, PW_SCORE_YOUNG, PW_WHEN(tick));
		if (more->score.silent < 0xffff)
			more->score.silent++;
		return PW_JUDGED_WEIGH;
	}
	if (live < limit) {
		pw_put_port(slot, more, found->free, item, tick);
		pw_set_way(set, i & 3, PW_WAY(PW_WAY_TAG(set->way[i & 3]), PW_WAY_WATCHED, live + 1, pw_over(tick)));
		return PW_JUDGED_PASS;
	}
	found->scan = scan;
	found->item = item;
	return PW_JUDGED_OVER;
}

/* Under the lock: the first sight of this (source, victim). */
static __always_inline int pw_new_pair(struct pw_set *set, __u64 hash, __u16 tag, const __u32 *src, const __u32 *dst,
				       __u32 scan, __u16 item, __u64 tick, volatile struct pw_found *found,
				       struct pw_counters *c)
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
	if (pw_opt.weighted && PW_WAY_TAG(set->way[i & 3]) == tag && PW_WAY_UNTIL(set->way[i & 3]) > PW_WHEN(tick) &&
	    pw_same(slot->src, src)) { /* a source that displaces itself keeps what it did */
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
	if (pw_opt.weighted || pw_opt.block || pw_opt.retell)
		__builtin_memset(&more->score, 0, sizeof(more->score));
	if (pw_opt.weighted && scan == PW_SCAN_VERTICAL) {
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

/* How many ways have this tag, and which one if it is one: none for a new source, one for nearly any other. */
static __always_inline int pw_ways_of(const struct pw_set *set, __u16 tag, int *way)
{
	__u64 one = pw_has_tag(set, 1, tag), two = pw_has_tag(set, 2, tag), three = pw_has_tag(set, 3, tag);

	*way = one + 2 * two + 3 * three;
	return pw_has_tag(set, 0, tag) + one + two + three;
}

/* Under the lock: the end of what was begun with way found->way. All of it is here once, whatever led to it. */
static __always_inline int pw_conclude(struct pw_set *set, __u64 hash, int judged, const struct pw_ends *e, __u16 port,
				       __u64 tick, volatile struct pw_found *found, struct pw_counters *c)
{
	if (pw_opt.weighted && judged == PW_JUDGED_WEIGH)
		judged = pw_weigh(set, hash, found->way, tick, found);
	if (judged == PW_JUDGED_OVER)
		judged = pw_verdict(set, hash, found->way, e, found->scan, port, tick, found, c);
	return judged;
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

static __always_inline __u16 pw_fold(const __u32 *addr)
{
	return ((addr[0] ^ addr[1] * 5 ^ addr[2] * 3 ^ addr[3]) * 0x9e3779b1) >> 16;
}

/* Something of e->src touched port of our own address e->dst: a SYN (PW_SCAN_VERTICAL), or what `scan` says. */
static __always_inline int pw_judge(const struct pw_ends *e, int v6, __u32 scan, __u16 port, __u64 tick,
				    volatile struct pw_found *found, struct pw_counters *c)
{
	__u32 key[4] __attribute__((aligned(8)));
	__u16 item = port;
	struct pw_set *set;
	__u64 hash;
	__u16 tag, marked;
	int way, ways, judged;

	pw_key(key, e->src, v6);
	hash = pw_hash(key);
	tag = pw_tag_of(hash);
	marked = tag;
	if (__builtin_expect(scan != PW_SCAN_VERTICAL, 0)) {
		marked = pw_tag_for(tag, scan, port);
		if (scan == PW_SCAN_HORIZONTAL)
			item = pw_fold(e->dst);
	}
	set = pw_set_of(hash);
	if (!set)
		return PW_JUDGED_PASS;
	ways = pw_ways_of(set, tag, &way);
	if (ways || scan != PW_SCAN_VERTICAL) {
		int blocked;

		if (ways != 1 || scan != PW_SCAN_VERTICAL || PW_WAY_STATE(set->way[way & 3]) == PW_WAY_BLOCKED) {
			blocked = pw_blocked_way(set, hash, key, PW_WHEN(tick));
			if (blocked >= 0) {
				if (v6 && pw_spared(e->src))
					return PW_JUDGED_PASS; /* its neighbour in the prefix was blocked */
				set->hits[blocked & 3]++;
				return PW_JUDGED_DROP;
			}
			way = pw_watched_way(set, marked, key, e->dst, scan);
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
	judged = PW_JUDGED_PASS;
	if (!pw_ways_of(set, tag, &way) && scan == PW_SCAN_VERTICAL) {
		judged = pw_new_pair(set, hash, marked, key, e->dst, scan, item, tick, found, c);
	} else if (pw_blocked_way(set, hash, key, PW_WHEN(tick)) >= 0) {
		judged = PW_JUDGED_DROP;
	} else {
		way = pw_watched_way(set, marked, key, e->dst, scan);
		if (way >= 0)
			judged = pw_new_port(set, hash, way, scan, item, port, tick, found);
		else
			judged = pw_new_pair(set, hash, marked, key, e->dst, scan, item, tick, found, c);
	}
	judged = pw_conclude(set, hash, judged, e, port, tick, found, c);
	pw_unlock(&set->lock);
	return judged;
}

/* The weighted rule: what became of e->src's SYN to port of our own address e->dst. `outcome` is PW_ANSWERED, PW_COUNTED
 * (closed; `half`: half-open) or PW_OPENED. */
static __always_inline int pw_judge_outcome(const struct pw_ends *e, int v6, __u16 port, __u32 outcome, int half,
					    __u64 tick, volatile struct pw_found *found, struct pw_counters *c)
{
	__u32 key[4] __attribute__((aligned(8))), now = PW_WHEN(tick), before;
	int way, judged = PW_JUDGED_PASS;
	struct pw_score *score;
	struct pw_more *more;
	struct pw_set *set;
	__u64 hash;
	__u16 tag;

	pw_key(key, e->src, v6);
	hash = pw_hash(key);
	tag = pw_tag_of(hash);
	set = pw_set_of(hash);
	if (!set || !pw_ways_of(set, tag, &way))
		return PW_JUDGED_PASS;
	if (!pw_lock(&set->lock)) {
		c->contended++;
		return PW_JUDGED_PASS;
	}
	way = pw_watched_way(set, tag, key, e->dst, PW_SCAN_VERTICAL);
	more = pw_more_of(hash, way);
	if (way >= 0 && more) {
		score = &more->score;
		pw_look(found, &set->slot[way & 3], more, port, tick);
		before = found->known ? pw_outcome_of(score, found->at) : PW_COUNTED;
		if (outcome == PW_OPENED) {
			__u32 worth = found->count + score->trust;

			pw_trust(score, now);
			if (pw_opt.weighted)
				pw_add_score(score, -PW_SCORE_OPENED, now);
			/* a flood of others must not make it forgotten */
			pw_set_way(set, way & 3, PW_WAY(tag, PW_WAY_STATE(set->way[way & 3]), worth > 0xff ? 0xff : worth, pw_over(tick)));
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
			judged = pw_conclude(set, hash, PW_JUDGED_WEIGH, e, port, tick, found, c);
		} else if (found->known && outcome != PW_COUNTED && before != PW_COUNTED) {
			pw_set_outcome(score, found->at, outcome);
		}
	}
	pw_unlock(&set->lock);
	return judged;
}

#endif
