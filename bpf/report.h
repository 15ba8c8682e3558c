/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Records into the rings, sums when attempts come too fast, fingerprints of answers. */
#ifndef PW_REPORT_H
#define PW_REPORT_H

#include "id.h"
#include "memory.h"
#include "rule.h"

#define PW_QUIET BPF_RB_NO_WAKEUP /* user space looks every few milliseconds */

static __always_inline void pw_fill_head(struct pw_head *h, __u64 ns, const __u32 *src, const __u32 *dst, int family,
					 __u16 src_port, __u16 dst_port, __u32 isn)
{
	h->ts_ns = ns;
	h->id = pw_id(src, dst, family == 6, src_port | (__u32)dst_port << 16, isn);
	__builtin_memcpy(h->src, src, 16);
	__builtin_memcpy(h->dst, dst, 16);
	h->src_port = src_port;
	h->dst_port = dst_port;
	h->isn = isn;
	h->family = family;
	h->netns = pw_opt.netns;
	h->count = 1;
	h->refused = 0;
}

/* Under the sum's lock: its record into the ring. A packet may interrupt the request that asks for it, on the same CPU:
 * these counters are added to at once, so that they stay exact. */
static __always_inline void pw_emit_sum(struct pw_sum *s, __u64 ns, struct pw_counters *c)
{
	struct pw_head *h;

	if (!s->count && !s->refused)
		return;
	h = bpf_ringbuf_reserve(&pw_attempts, sizeof(*h), 0);
	if (!h) {
		__sync_fetch_and_add(&c->sums_lost, s->count);
		__sync_fetch_and_add(&c->answers_lost, s->refused);
	} else {
		__u32 nobody[4] = {};

		pw_fill_head(h, ns, nobody, s->dst, s->family, 0, s->port, s->second);
		h->kind = PW_KIND_SUM;
		h->direction = s->direction;
		h->flags = 0;
		h->ifindex = s->ifindex;
		h->count = s->count;
		h->refused = s->refused;
		bpf_ringbuf_submit(h, PW_QUIET);
		__sync_fetch_and_add(&c->sums_reported, s->count);
	}
	s->count = 0;
	s->refused = 0;
}

/* Adds to the sum of (dst, port, this second). 0 when that was not possible. */
static __always_inline int pw_add_to_sum(const __u32 *dst, int family, __u16 port, int direction, __u32 ifindex, __u64 ns,
					 __u32 attempts, __u32 refused, struct pw_counters *c)
{
	__u32 second = ns >> 30;
	__u32 key = (dst[3] * 0x9e3779b1 ^ dst[2] ^ port * 0x85ebca6b ^ second * 0xc2b2ae35) >> 20 & (PW_SUMS - 1);
	struct pw_sum *s = bpf_map_lookup_elem(&pw_sums, &key);

	if (!s || !pw_lock(&s->lock))
		return 0;
	if (s->second != second || s->port != port || !pw_same(s->dst, dst)) {
		pw_emit_sum(s, ns, c);
		s->second = second;
		s->port = port;
		s->family = family;
		s->direction = direction;
		s->ifindex = ifindex;
		__builtin_memcpy(s->dst, dst, 16);
	}
	s->count += attempts;
	s->refused += refused;
	pw_unlock(&s->lock);
	return 1;
}

/* Do attempts come too fast on this CPU to be reported one by one? */
static __always_inline int pw_too_fast(__u64 ns, __u32 by, struct pw_counters *c)
{
	if (c->rate_second != ns >> 30) {
		c->rate_second = ns >> 30;
		c->rate_count = 0;
	}
	c->rate_count += by;
	return c->rate_count > pw_opt.sum_above;
}

static __always_inline void pw_report_attempt(const struct pw_ends *e, __u16 src_port, __u16 dst_port, __u32 isn,
					      int direction, __u32 ifindex, __u64 ns, struct pw_counters *c)
{
	struct pw_head *h;

	if (pw_too_fast(ns, 1, c) && pw_add_to_sum(e->dst, pw_family(e), dst_port, direction, ifindex, ns, 1, 0, c)) {
		c->attempts_summed++;
		return;
	}
	h = bpf_ringbuf_reserve(&pw_attempts, sizeof(*h), 0);
	if (!h) {
		c->attempts_lost++;
		return;
	}
	pw_fill_head(h, ns, e->src, e->dst, pw_family(e), src_port, dst_port, isn);
	h->kind = PW_KIND_ATTEMPT;
	h->direction = direction;
	h->flags = 0;
	h->ifindex = ifindex;
	bpf_ringbuf_submit(h, PW_QUIET);
	c->attempts_reported++;
}

/* An answer to an attempt: refused, or a SYN+ACK that passed through. src and dst are the attempt's. */
static __always_inline void pw_report_answer(int kind, const __u32 *src, const __u32 *dst, int family, __u16 src_port,
					     __u16 dst_port, __u32 isn, int flags, __u32 ifindex, __u64 ns,
					     struct pw_counters *c)
{
	struct pw_head *h;

	if (pw_too_fast(ns, 0, c) && kind == PW_KIND_REFUSED &&
	    pw_add_to_sum(dst, family, dst_port, PW_DIR_INBOUND, ifindex, ns, 0, 1, c))
		return;
	h = bpf_ringbuf_reserve(&pw_attempts, sizeof(*h), 0);
	if (!h) {
		c->answers_lost++;
		return;
	}
	pw_fill_head(h, ns, src, dst, family, src_port, dst_port, isn);
	h->kind = kind;
	h->direction = PW_DIR_UNKNOWN;
	h->flags = flags;
	h->ifindex = ifindex;
	bpf_ringbuf_submit(h, PW_QUIET);
	c->answers_reported++;
}

static __always_inline void pw_fill_verdict(struct pw_record *r, const volatile struct pw_found *found)
{
	int i;

	r->head.flags = PW_FLAG_WHOLE;
	if (found->until_tick)
		r->head.flags |= PW_FLAG_BLOCKED;
	else if (found->spared)
		r->head.flags |= PW_FLAG_SPARED | (found->trusted ? PW_FLAG_TRUSTED : 0);
	if (found->confirmed)
		r->head.flags |= PW_FLAG_CONFIRMED;
	r->verdict.until_ns = found->until_tick << 10;
	for (i = 0; i < 16; i++)
		r->verdict.ports[i] = found->ports[i];
	r->verdict.port_count = found->count;
	r->verdict.syns = found->syns;
	r->verdict.first_ns = found->first_tick << 10;
	r->verdict.scan = found->scan;
	r->verdict.weighted = pw_opt.weighted && found->scan <= PW_SCAN_HORIZONTAL;
	r->verdict.closed = found->closed;
	r->verdict.silent = found->silent;
	r->verdict.half = found->half;
	r->verdict.opened = found->opened;
	r->verdict.hosts = found->hosts;
	r->verdict.score = found->score;
}

/* kind: PW_KIND_SCAN, or a user's block or unblock. */
static __always_inline void pw_report_verdict(int kind, const __u32 *src, const __u32 *dst, int family, __u16 port,
					      __u32 ifindex, __u64 ns, const volatile struct pw_found *found,
					      struct pw_counters *c)
{
	struct pw_record *r = bpf_ringbuf_reserve(&pw_events, sizeof(*r), 0);

	if (!r) {
		c->verdicts_lost++;
		return;
	}
	pw_fill_head(&r->head, ns, src, dst, family, 0, port, 0);
	r->head.kind = kind;
	r->head.direction = PW_DIR_INBOUND;
	r->head.ifindex = ifindex;
	pw_fill_verdict(r, found);
	bpf_ringbuf_submit(r, PW_QUIET);
}

/* A scan was found. `e` is the scanner and our address. */
static __always_inline void pw_report_scan(const struct pw_ends *e, __u16 port, __u32 ifindex, __u64 ns,
					   const volatile struct pw_found *found, struct pw_counters *c)
{
	c->verdicts++;
	c->spared += found->spared;
	c->trusted += found->trusted;
	pw_report_verdict(PW_KIND_SCAN, e->src, e->dst, pw_family(e), port, ifindex, ns, found, c);
}

static __always_inline __u32 *pw_answer_place(__u64 id)
{
	__u32 zero = 0;
	__u32 *answers = bpf_map_lookup_elem(&pw_answers, &zero);

	return answers ? &answers[(__u32)id & (PW_ANSWERS - 1)] : 0;
}

/* A SYN+ACK left for this attempt. */
static __always_inline void pw_note_answer(__u64 id)
{
	__u32 *place = pw_answer_place(id);

	if (place)
		*place = ((__u32)(id >> 32) & ~3u) | 1;
}

/* The originator reset what was answered; 0 if that wasn't so. */
static __always_inline int pw_note_reset(__u64 id)
{
	__u32 *place = pw_answer_place(id);

	if (!place || *place != (((__u32)(id >> 32) & ~3u) | 1))
		return 0;
	*place += 1;
	return 1;
}

#endif
