/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The weighted rule: a sequential test of two hypotheses, honest client or scanner, over what becomes of each new port
 * that a source touches (Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection Using Sequential Hypothesis
 * Testing, 2004, with four outcomes in place of two).
 *
 *   outcome of a new port      scanner  honest  ln of the ratio
 *   closed (RST, ICMP)           0.45    0.1525  +1.08
 *   silent (no answer)           0.20    0.084   +0.87
 *   half-open (reset by it)      0.10    0.078   +0.25
 *   opened (handshake done)      0.25    0.6855  -1.01
 *
 * The score of a (source, victim) is the sum of these logarithms; it crosses at ln((1 - b) / a) = 4.60 nat for
 * a = b = 0.01, the rates of honest sources taken for scanners and of scanners missed under these assumptions. So four
 * closed ports and the fifth SYN are a scan. Five things that the paper's setting did not have:
 *   - it halves every 69 s, so that mistakes of an hour don't add up; `slow` scans are judged elsewhere;
 *   - it doesn't fall below half the threshold, so that real connections buy two probes, not immunity;
 *   - a port that was open within the hour is no evidence when it refuses: a service restarts;
 *   - a new port counts as silent until it answers, but by a third only for 100 ms: a network card hands over many
 *     SYNs before the first is answered, and 16 services may be opened at once;
 *   - a half-open handshake counts where something else speaks against its source, or as the only port touched at an
 *     address: load balancers check services so.
 * A source's scores with several of our addresses add up, so that one probe to each is found as well. */
#ifndef PW_SCORE_H
#define PW_SCORE_H

#include "table.h"

/* In 1/256 nat. */
enum pw_weight {
	PW_SCORE_CLOSED = 277,
	PW_SCORE_SILENT = 222,
	PW_SCORE_YOUNG = 72,      /* silent for less than PW_YOUNG: 16 of them are no scan */
	PW_SCORE_HALF = 64,
	PW_SCORE_OPENED = 258,    /* taken off */
	PW_SCORE_SCAN = 1176,     /* the threshold */
	PW_SCORE_FLOOR = -588,
	PW_SCORE_CEILING = 18816, /* no more is needed, and it can be multiplied */
};

#define PW_YOUNG 97656          /* 100 ms, in ticks */
#define PW_SCORE_HALVES 10      /* every 2^10 units of 2^26 ns, 68.7 s */
#define PW_OPEN_LATELY 53644    /* an hour, in 2^26 ns */
/* Nobody can complete a handshake with an address that is not his own. A source that did so this often, so far apart,
 * and lately, is a partner: SYNs that carry its address are reported, but can't shut it out. */
#define PW_TRUST 5
#define PW_TRUST_GAP 60         /* 4 s, in 2^26 ns */
#define PW_TRUST_LATELY 1788    /* 2 minutes */

enum pw_outcome {
	PW_PENDING = 0,  /* counted as silent, but young */
	PW_ANSWERED = 1, /* SYN+ACK sent, or refused though open lately: no evidence */
	PW_COUNTED = 2,  /* closed, half-open or silent for good */
	PW_OPENED = 3,
};

/* The score as it is now. */
static __always_inline __s32 pw_decayed(const struct pw_score *s, __u32 now)
{
	__u32 passed = now - s->at, halves = passed >> PW_SCORE_HALVES;
	__s32 value = s->value;

	if ((__s32)passed <= 0)
		return value;
	if (halves > 15)
		return 0;
	value >>= halves & 15;
	/* a straight line between two halvings */
	return value - ((value * (__s32)(passed & ((1 << PW_SCORE_HALVES) - 1))) >> (PW_SCORE_HALVES + 1));
}

static __always_inline void pw_add_score(struct pw_score *s, __s32 by, __u32 now)
{
	__s32 value = pw_decayed(s, now) + by;

	s->value = value < PW_SCORE_FLOOR ? PW_SCORE_FLOOR : value > PW_SCORE_CEILING ? PW_SCORE_CEILING : value;
	s->at = now;
}

static __always_inline __u32 pw_outcome_of(const struct pw_score *s, __u32 j)
{
	return s->outcomes >> (2 * (j & 15)) & 3;
}

static __always_inline void pw_set_outcome(struct pw_score *s, __u32 j, __u32 outcome)
{
	__u32 shift = 2 * (j & 15);

	s->outcomes = (s->outcomes & ~(3u << shift)) | outcome << shift;
}

/* Handshakes completed with this many ports: the address is its own, and it is not a partner with a service or two. */
#define PW_CONFIRMED_PORTS 3

static __always_inline int pw_is_confirmed(const struct pw_score *s)
{
	__u32 both = s->outcomes & s->outcomes >> 1 & 0x15555555; /* PW_OPENED is both bits of a pair; there are 15 */

	both &= both - 1; /* without the lowest one, PW_CONFIRMED_PORTS - 1 times */
	both &= both - 1;
	return both != 0;
}

/* What a way is worth of being kept when its set is full: its ports, and trust, which floods can't have. */
static __always_inline __u32 pw_worth_of(const struct pw_score *s, __u32 ports)
{
	__u32 worth = ports + s->trust;

	return worth > 0xff ? 0xff : worth;
}

/* The score of way i alone, or all positive ones of its source together, whichever is higher. Also counts the victims.
 * `hosts` is where to; in the CPU's map value, so that the verifier forgets it. */
static __always_inline __s32 pw_score_of(struct pw_set *set, __u64 hash, __u32 i, __u32 now, volatile __u16 *hosts)
{
	const struct pw_slot *slot = &set->slot[i & 3];
	__s32 own = pw_nothing(set), all = pw_nothing(set);
	__u32 k;

	*hosts = 0;
#pragma unroll
	for (k = 0; k < PW_WAYS; k++) {
		struct pw_more *more = pw_more_of(hash, k);
		__u64 way = set->way[k];
		__s32 value;

		if (!more || PW_WAY_TAG(way) != pw_tag_of(hash) || PW_WAY_STATE(way) == PW_WAY_BLOCKED ||
		    !pw_after(PW_WAY_UNTIL(way), now) || !pw_same(set->slot[k].src, slot->src))
			continue;
		value = pw_decayed(&more->score, now);
		if (k == ((i + pw_nothing(set)) & 3))
			own = value;
		if (value > 0) {
			all += value;
			*hosts += more->score.hosts;
		}
	}
	return own > all ? own : all;
}

/* Does this source keep completing handshakes with any of our addresses? */
static __always_inline int pw_is_trusted(struct pw_set *set, __u64 hash, const __u32 *src, __u32 now)
{
	__u32 k;

#pragma unroll
	for (k = 0; k < PW_WAYS; k++) {
		struct pw_more *more = pw_more_of(hash, k);

		if (more && PW_WAY_TAG(set->way[k]) == pw_tag_of(hash) && PW_WAY_STATE(set->way[k]) != PW_WAY_BLOCKED &&
		    pw_same(set->slot[k].src, src) && more->score.trust >= PW_TRUST &&
		    now - more->score.trusted_at < PW_TRUST_LATELY)
			return 1;
	}
	return 0;
}

/* A handshake was completed. */
static __always_inline void pw_trust(struct pw_score *s, __u32 now)
{
	__u32 passed = now - s->trusted_at;

	if (s->opened < 0xffff)
		s->opened++;
	if (passed < PW_TRUST_GAP)
		return;
	if (passed >= PW_TRUST_LATELY)
		s->trust = 0;
	if (s->trust < 0xff)
		s->trust++;
	s->trusted_at = now;
}

#endif
