/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What user space asks of the table: changed under the same locks as by packets. */
#ifndef PW_CONTROL_H
#define PW_CONTROL_H

#include "report.h"

enum pw_command {
	PW_COMMAND_BLOCK = 1,   /* addr for ttl_ticks */
	PW_COMMAND_UNBLOCK = 2, /* addr */
	PW_COMMAND_FLUSH = 3,   /* sum number `index`, when its second is over or all is 1 */
	PW_COMMAND_NET = 4,     /* a prefix of `index` bits is being blocked: count and (all is 0) report it, or refuse */
	PW_COMMAND_NO_NET = 5,  /* it is blocked no more: count and (all is 0) report that */
	PW_COMMAND_FULL = 6,    /* count a prefix that found the list of allowed ones full */
	PW_COMMAND_KEEP = 7,    /* a block of other maps: `kept` is its evidence, nothing is reported */
};

/* The evidence of a block; of one by command there is none. */
struct pw_kept {
	__u32 key[4]; /* what is blocked; of a command it follows from addr */
	__u32 victim[4];
	__u64 first_tick;
	__u16 ports[PW_MAX_PORTS];
	__u16 port_count;
	__u32 hits;   /* packets that it dropped: they are added */
	__u32 reason; /* enum pw_block_reason */
	__u32 scan;   /* enum pw_scan */
	__s32 score;  /* as in struct pw_score */
	__u16 closed, silent, half, opened, trust;
	__u16 spare[3];
};

struct pw_asked {
	__u32 command;
	__u32 index;
	__u32 addr[4];
	__u64 ttl_ticks;
	__u32 family;
	__u32 all;
	__s32 result; /* 1 done, 0 nothing to do, -1 the cap is reached, -2 busy: ask again */
	__u32 spare;
};

struct pw_request {
	struct pw_asked asked;
	struct pw_kept kept;
};

/* What a command asks, and what is kept of other maps: a block that is there already lasts as told, or as long as either. */
static __always_inline int pw_do_block(const __u32 *key, const struct pw_asked *req,
				       const volatile struct pw_kept *kept, __u64 ns, struct pw_counters *c)
{
	__u64 hash = pw_hash(key), tick = PW_TICK(ns), until = tick + req->ttl_ticks, hits;
	int keeps = req->command == PW_COMMAND_KEEP, way, j;
	struct pw_set *set = pw_set_of(hash);
	__u32 when = PW_WHEN(until) + 1;
	struct pw_slot *slot;
	struct pw_more *more;

	if (!set || !pw_lock(&set->lock))
		return -2;
	way = pw_blocked_way(set, hash, key, PW_WHEN(tick));
	if (way >= 0) {
		more = pw_more_of(hash, way);
		if (keeps && pw_after(PW_WAY_UNTIL(set->way[way & 3]), when))
			when = PW_WAY_UNTIL(set->way[way & 3]);
		else if (!keeps && more)
			more->reason = PW_BLOCK_USER;
		hits = (__u64)set->hits[way & 3] + kept->hits;
		set->hits[way & 3] = hits > ~0u ? ~0u : hits;
		pw_set_way(set, way & 3, PW_WAY(pw_tag_of(hash), PW_WAY_BLOCKED, 0, when));
		pw_unlock(&set->lock);
		return 1;
	}
	if (!keeps && (__u32)pw_blocks() >= pw_opt.block_max) {
		pw_unlock(&set->lock);
		c->blocks_refused++;
		return -1;
	}
	way = pw_victim_way(set, PW_WHEN(tick), c);
	slot = &set->slot[way];
	more = pw_more_of(hash, way);
	if (!more) {
		pw_unlock(&set->lock);
		return -2;
	}
	pw_set_way(set, way, 0);
	__builtin_memcpy(slot->src, key, 16);
#pragma unroll
	for (j = 0; j < 4; j++)
		slot->dst[j] = kept->victim[j];
	__builtin_memcpy(more->full_src, req->addr, 16);
	__builtin_memset(&more->score, 0, sizeof(more->score));
	more->score.value = kept->score;
	more->score.at = PW_WHEN(tick);
	more->score.closed = kept->closed;
	more->score.silent = kept->silent;
	more->score.half = kept->half;
	more->score.opened = kept->opened;
	more->score.trust = kept->trust;
	more->scan = kept->scan;
	more->last_port = 0;
	more->port_count = kept->port_count;
	slot->first_tick = keeps ? kept->first_tick : tick;
#pragma unroll /* the context may only be read at constant offsets */
	for (j = 0; j < PW_MAX_PORTS; j++) {
		__u64 port = kept->ports[j];

		*pw_port_of(slot, more, j) = port ? 1 << 16 | port : 0;
	}
	pw_make_block(set, hash, way, kept->reason, until, PW_WHEN(tick), c);
	set->hits[way] = kept->hits;
	if (keeps)
		c->blocked--; /* it was counted when it was set */
	pw_unlock(&set->lock);
	return 1;
}

static __always_inline int pw_do_unblock(const __u32 *key, __u32 only_if_over, __u64 ns)
{
	__u64 hash = pw_hash(key);
	struct pw_set *set = pw_set_of(hash);
	int i, done = 0;

	if (!set || !pw_lock(&set->lock))
		return -2;
#pragma unroll
	for (i = 0; i < PW_WAYS; i++) {
		if (PW_WAY_TAG(set->way[i]) != pw_tag_of(hash) || PW_WAY_STATE(set->way[i]) != PW_WAY_BLOCKED ||
		    !pw_same(set->slot[i].src, key))
			continue;
		if (only_if_over && pw_after(PW_WAY_UNTIL(set->way[i]), PW_WHEN(PW_TICK(ns))))
			continue; /* blocked again meanwhile */
		pw_set_way(set, i, 0);
		pw_count_blocks(-1);
		done = 1;
	}
	pw_unlock(&set->lock);
	return done;
}

/* User space changes pw_nets itself, which a program that may sleep can't. 1 counted, -1 there are too many. */
static __always_inline int pw_count_net(int by, struct pw_counters *c)
{
	__u32 zero = 0;
	struct pw_shared *shared = bpf_map_lookup_elem(&pw_shared, &zero);

	if (!shared)
		return -2;
	if ((__s32)__sync_fetch_and_add(&shared->nets, by) < PW_NETS || by < 0)
		return 1;
	__sync_fetch_and_add(&shared->nets, -by);
	c->lists_full++;
	return -1;
}

/* The context may only be read at its own offsets: the request is copied first. */
static __always_inline void pw_copy_request(struct pw_asked *to, volatile struct pw_asked *from)
{
	to->command = from->command;
	to->index = from->index;
	to->addr[0] = from->addr[0];
	to->addr[1] = from->addr[1];
	to->addr[2] = from->addr[2];
	to->addr[3] = from->addr[3];
	to->ttl_ticks = from->ttl_ticks;
	to->family = from->family;
	to->all = from->all;
	to->result = 0;
}

/* Sends sum number req->index, when its second is over or all is 1. */
static __always_inline int pw_do_flush(const struct pw_asked *req, __u64 ns, struct pw_counters *c)
{
	__u32 index = req->index;
	struct pw_sum *s = bpf_map_lookup_elem(&pw_sums, &index);

	if (!s || !pw_lock(&s->lock))
		return -2;
	if (req->all || s->second != (__u32)(ns >> 30))
		pw_emit_sum(s, ns, c);
	pw_unlock(&s->lock);
	return 1;
}

static __always_inline int pw_control(struct pw_request *ctx)
{
	const volatile struct pw_kept *kept = &ctx->kept;
	struct pw_asked copy, *req = &copy;
	struct pw_counters *c = pw_count();
	__u64 ns = pw_ns();
	__u32 key[4] __attribute__((aligned(8))), nobody[4] = {};
	struct pw_found found = {};
	int told = 0; /* enum pw_kind of the record, 0 none */
	__u16 length = 0;

	if (!c)
		return 0;
	pw_copy_request(req, &ctx->asked);
	if (req->command == PW_COMMAND_FLUSH) {
		req->result = pw_do_flush(req, ns, c);
	} else if (req->command == PW_COMMAND_FULL) {
		c->lists_full++;
		req->result = 1;
	} else if (req->command == PW_COMMAND_NET || req->command == PW_COMMAND_NO_NET) {
		req->result = pw_count_net(req->command == PW_COMMAND_NET ? 1 : -1, c);
		length = req->index;
		if (!req->all && (req->command == PW_COMMAND_NO_NET || req->result == 1))
			told = req->command == PW_COMMAND_NET ? PW_KIND_BLOCK : PW_KIND_UNBLOCK;
	} else {
		pw_key(key, req->addr, req->family == 6);
		if (req->command == PW_COMMAND_KEEP) {
			key[0] = kept->key[0];
			key[1] = kept->key[1];
			key[2] = kept->key[2];
			key[3] = kept->key[3];
		}
		if (req->command == PW_COMMAND_UNBLOCK)
			req->result = pw_do_unblock(key, req->all, ns);
		else if (req->command == PW_COMMAND_BLOCK || req->command == PW_COMMAND_KEEP)
			req->result = pw_do_block(key, req, kept, ns, c);
		if (req->result == 1 && req->command != PW_COMMAND_KEEP)
			told = req->command == PW_COMMAND_BLOCK ? PW_KIND_BLOCK : PW_KIND_UNBLOCK;
	}
	if (told == PW_KIND_BLOCK)
		found.until_tick = PW_TICK(ns) + req->ttl_ticks;
	if (told)
		pw_report_verdict(told, req->addr, nobody, req->family, length, 0, ns, &found, c);
	((volatile struct pw_request *)ctx)->asked.result = req->result;
	return 0;
}

#endif
