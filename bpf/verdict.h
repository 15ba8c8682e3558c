/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* When a source is found to be scanning: the weighted rule's threshold, and what a verdict does under either rule. */
#ifndef PW_VERDICT_H
#define PW_VERDICT_H

#include "ways.h"

enum pw_judged {
	PW_JUDGED_PASS,
	PW_JUDGED_DROP, /* a blocked source */
	PW_JUDGED_SCAN, /* this packet crossed the threshold; struct pw_found says more */
	PW_JUDGED_WEIGH, /* on the way there: the score is to be looked at ... */
	PW_JUDGED_OVER,  /* ... the threshold was crossed */
};

/* Under the lock: what was seen of way i is a scan. Blocks its source, unless it is to be spared. */
static __always_inline int pw_verdict(struct pw_set *set, __u64 hash, const struct pw_ends *e, __u16 port,
				      __u64 tick, volatile struct pw_found *found, struct pw_counters *c)
{
	__u32 i = found->way;
	struct pw_slot *slot = &set->slot[i & 3];
	struct pw_more *more = pw_more_of(hash, i);
	__u32 state = PW_WAY_STATE(set->way[i & 3]);
	__u64 ttl = pw_opt.ttl_ticks;
	__u32 reason = PW_BLOCK_SYNS;

	if (!more)
		return PW_JUDGED_PASS;
	if (!pw_opt.weighted || found->scan > PW_SCAN_HORIZONTAL) {
		found->closed = found->silent = found->half = 0;
		found->score = 0;
		found->opened = pw_keeps_outcomes() ? more->score.opened : 0;
		if (found->scan != PW_SCAN_HORIZONTAL)
			found->hosts = 1;
	}
	found->syns = set->hits[i & 3];
	found->first_tick = slot->first_tick;
	found->until_tick = 0;
	found->confirmed = pw_keeps_outcomes() && pw_is_confirmed(&more->score);
	found->trusted = pw_opt.weighted && pw_is_trusted(set, hash, slot->src, PW_WHEN(tick));
	found->spared = pw_opt.dry_run || found->trusted || pw_spared(e->src);
	more->full_src[0] = e->src[0];
	more->full_src[1] = e->src[1];
	more->full_src[2] = e->src[2];
	more->full_src[3] = e->src[3];
	more->last_port = port;
	more->port_count = !pw_opt.weighted && found->scan == PW_SCAN_HORIZONTAL ? 0 : pw_opt.slots;
	more->scan = found->scan;
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

		if (pw_outcome_of(score, j) == PW_PENDING && pw_live(seen, tick) && pw_age(seen, tick) > PW_YOUNG) {
			pw_set_outcome(score, j, PW_COUNTED);
			ripe++;
		}
	}
	pw_add_score(score, ripe * (PW_SCORE_SILENT - PW_SCORE_YOUNG), PW_WHEN(tick));
}

/* Under the lock: has the score crossed? `found` holds the live ports of this pair. */
static __always_inline int pw_weigh(struct pw_set *set, __u64 hash, __u64 tick, volatile struct pw_found *found)
{
	__u32 i = found->way, now = PW_WHEN(tick), state;
	struct pw_more *more = pw_more_of(hash, i);
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
		found->scan = found->hosts > 2 && pw_decayed(&more->score, now) < PW_SCORE_SCAN ? PW_SCAN_HORIZONTAL :
												  PW_SCAN_VERTICAL;
		found->oldest = PW_MAX_PORTS; /* the port has its place */
		return PW_JUDGED_OVER;
	}
	state = PW_WAY_STATE(set->way[i & 3]);
	pw_set_way(set, i & 3,
		   PW_WAY(pw_tag_of(hash), state == PW_WAY_FOUND && score > PW_SCORE_SCAN / 2 ? PW_WAY_FOUND : PW_WAY_WATCHED,
			  pw_worth_of(&more->score, found->count), pw_over(tick)));
	return PW_JUDGED_PASS;
}

/* Under the lock: the end of what was begun with way found->way. All of it is here once, whatever led to it. */
static __always_inline int pw_conclude(struct pw_set *set, __u64 hash, const struct pw_ends *e, __u16 port, __u64 tick,
				       volatile struct pw_found *found, struct pw_counters *c)
{
	if (pw_opt.weighted && found->judged == PW_JUDGED_WEIGH)
		found->judged = pw_weigh(set, hash, tick, found);
	if (found->judged == PW_JUDGED_OVER)
		found->judged = pw_verdict(set, hash, e, port, tick, found, c);
	return found->judged;
}

#endif
