/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The guard's one body, for TCX ingress and both forms of XDP: true when the packet is to be dropped. */
#ifndef PW_GUARD_H
#define PW_GUARD_H

#include "lookup.h"
#include "report.h"

/* What a segment is to us by its flags (FIN, SYN, RST, PSH, ACK, URG; those of RFC 3168 don't count): enum pw_scan for a
 * SYN and for flag sets that no RFC 9293 peer sends (no flag at all, SYN with FIN or RST, FIN or URG or PSH without
 * ACK), or one of these. A table: one load, where the verifier would follow each branch to the end. */
#define PW_TOUCH_SYN_ACK 16
#define PW_TOUCH_RESET 17
static const __u8 pw_touch_of[64] = {
	/* without ACK, URG */
	PW_SCAN_NULL, PW_SCAN_FIN, PW_SCAN_VERTICAL, PW_SCAN_ODD, PW_TOUCH_RESET, 0, PW_SCAN_ODD, PW_SCAN_ODD,
	/* PSH */
	PW_SCAN_ODD, PW_SCAN_ODD, PW_SCAN_VERTICAL, PW_SCAN_ODD, PW_TOUCH_RESET, 0, PW_SCAN_ODD, PW_SCAN_ODD,
	/* ACK */
	0, 0, PW_TOUCH_SYN_ACK, PW_SCAN_ODD, 0, 0, PW_SCAN_ODD, PW_SCAN_ODD,
	/* ACK, PSH */
	0, 0, PW_TOUCH_SYN_ACK, PW_SCAN_ODD, 0, 0, PW_SCAN_ODD, PW_SCAN_ODD,
	/* URG */
	PW_SCAN_ODD, PW_SCAN_ODD, PW_SCAN_VERTICAL, PW_SCAN_ODD, PW_TOUCH_RESET, 0, PW_SCAN_ODD, PW_SCAN_ODD,
	/* URG, PSH */
	PW_SCAN_ODD, PW_SCAN_XMAS, PW_SCAN_VERTICAL, PW_SCAN_ODD, PW_TOUCH_RESET, 0, PW_SCAN_ODD, PW_SCAN_ODD,
	/* URG, ACK */
	0, 0, PW_TOUCH_SYN_ACK, PW_SCAN_ODD, 0, 0, PW_SCAN_ODD, PW_SCAN_ODD,
	/* URG, ACK, PSH */
	0, 0, PW_TOUCH_SYN_ACK, PW_SCAN_ODD, 0, 0, PW_SCAN_ODD, PW_SCAN_ODD,
};

static __always_inline __u32 pw_touch(__u8 flags)
{
	return pw_touch_of[flags & 0x3f];
}

/* Of the packet in hand: read where a record wants it. From a `struct xdp_md` that takes three loads in a row. */
static __always_inline __u32 pw_ifindex(void *ctx, int xdp)
{
	barrier_var(ctx); /* the context may only be read at constant offsets from itself */
	return xdp ? ((struct xdp_md *)ctx)->ingress_ifindex : ((struct __sk_buff *)ctx)->ifindex;
}

/* A SYN (PW_SCAN_VERTICAL), or to us what no honest peer sends: seg->scan says which. The sequence number of a handshake's
 * reset (PW_SCAN_HORIZONTAL) tells nothing that its SYN didn't. */
static __always_inline int pw_on_touch(void *ctx, int xdp, const struct pw_ends *e, volatile struct pw_segment *seg,
				       struct pw_counters *c)
{
	__u16 src_port = bpf_ntohs(seg->source), dst_port = bpf_ntohs(seg->dest);
	volatile struct pw_found *found = &c->found;
	__u64 tick = pw_tick(), ns = 0;

	if (seg->scan == PW_SCAN_VERTICAL) {
		c->attempts++;
	} else if (seg->scan != PW_SCAN_HORIZONTAL) {
		c->odd++;
		/* what the RST will acknowledge that answers it: it refuses no attempt */
		pw_note_scatter(pw_id(e->src, e->dst, pw_is_v6(e), src_port | (__u32)dst_port << 16,
				      seg->seq + !!(seg->flags & PW_FIN) + !!(seg->flags & PW_SYN)));
	}
	if (seg->blocked && seg->scan != PW_SCAN_HORIZONTAL)
		seg->judged = PW_JUDGED_DROP;
	else if (seg->local && pw_opt.weighted && seg->scan == PW_SCAN_HORIZONTAL)
		seg->judged = pw_judge_outcome(e, dst_port, PW_COUNTED, 1, tick, found, c);
	else if (seg->local)
		seg->judged = pw_judge(e, dst_port, tick, found, c);
	else
		seg->judged = PW_JUDGED_PASS;
	if (seg->judged == PW_JUDGED_DROP) {
		if (seg->scan == PW_SCAN_VERTICAL)
			c->attempts_dropped++;
		else
			c->dropped_flags++;
		return 1;
	}
	if ((pw_opt.events && seg->scan == PW_SCAN_VERTICAL) || seg->judged == PW_JUDGED_SCAN)
		ns = pw_ns();
	if (pw_opt.events && seg->scan == PW_SCAN_VERTICAL)
		pw_report_attempt(e, src_port, dst_port, seg->seq, seg->local ? PW_DIR_INBOUND : PW_DIR_FORWARDED,
				  pw_ifindex(ctx, xdp), ns, c);
	if (seg->judged == PW_JUDGED_SCAN) {
		pw_report_scan(e, dst_port, pw_ifindex(ctx, xdp), ns, found, c);
		return found->until_tick != 0;
	}
	return 0;
}

/* What a blocked source sends, but for SYNs: 1 when it is to be dropped. */
static __always_inline int pw_drop_other(void *ctx, const struct pw_ends *e, const volatile struct pw_layers *l,
					 const volatile struct pw_segment *seg, struct pw_counters *c)
{
	__u32 touch = pw_touch(seg->flags);

	if (l->proto == IPPROTO_TCP && (!seg->whole || (touch && touch < PW_TOUCH_SYN_ACK))) {
		c->dropped_flags++;
		return 1;
	}
	if (!pw_opt.block_established) {
		if (!pw_is_local(e->dst))
			return 0; /* forwarded: we can't know */
		if (seg->whole && pw_has_socket(ctx, e, l->proto == IPPROTO_UDP, seg->source, seg->dest))
			return 0;
	}
	c->dropped_other++;
	return 1;
}

/* Which of its segments is this? What is not seen to be whole stays so. enum pw_scan, 0 for what touches no port. */
static __always_inline __u32 pw_look_at_tcp(volatile struct pw_layers *l, volatile struct pw_segment *seg,
					    const struct pw_ends *e, void *data, void *data_end, int common,
					    struct pw_counters *c)
{
	struct tcphdr *tcp = data + PW_OFFSET(l->l4);
	__u32 touch;
	__u64 id;

	if ((void *)tcp + 8 > data_end)
		goto malformed;
	seg->source = tcp->source;
	seg->dest = tcp->dest;
	seg->seq = bpf_ntohl(tcp->seq);
	if ((void *)(tcp + 1) > data_end ||
	    (!common && (l->l4_len < sizeof(*tcp) || tcp->doff < 5 || l->l4_len < tcp->doff * 4 ||
			 (void *)tcp + tcp->doff * 4 > data_end))) {
		/* a first fragment with the ports but not the flags (RFC 1858): Linux puts it together, so it is a probe */
		if (l->fragmented && l->l4_len >= 8 && l->l4_len < sizeof(*tcp)) {
			c->malformed++;
			return PW_SCAN_FRAGMENT;
		}
		goto malformed;
	}
	seg->whole = 1;
	seg->flags = ((__u8 *)tcp)[13];
	touch = pw_touch(seg->flags);
	if (touch < PW_TOUCH_SYN_ACK)
		return touch;
	id = pw_id(e->src, e->dst, pw_is_v6(e), bpf_ntohs(seg->source) | (__u32)bpf_ntohs(seg->dest) << 16,
		   touch == PW_TOUCH_RESET ? seg->seq - 1 : bpf_ntohl(tcp->ack_seq));
	if (touch == PW_TOUCH_RESET)
		return pw_note_reset(id) ? PW_SCAN_HORIZONTAL : 0; /* half-open: evidence when many addresses see it */
	pw_note_scatter(id);
	return 0;
malformed:
	c->malformed++;
	return 0;
}

/* A segment in nearly every frame's form, most of them SYNs, without a second look. 0: it needs one. */
static __always_inline int pw_take_common(struct pw_ends *e, volatile struct pw_segment *seg, void *data, void *data_end,
					  __u8 flags)
{
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct tcphdr *tcp = (void *)(ip + 1);
	__u32 touch = pw_touch(flags);

	if (touch >= PW_TOUCH_SYN_ACK || (void *)(tcp + 1) > data_end)
		return 0;
	e->src8[0] = e->dst8[0] = 0;
	e->src8[1] = pw_mapped(ip->saddr);
	e->dst8[1] = pw_mapped(ip->daddr);
	e->family = 4;
	seg->source = tcp->source;
	seg->dest = tcp->dest;
	seg->seq = bpf_ntohl(tcp->seq);
	seg->whole = 1;
	seg->flags = flags;
	seg->scan = touch;
	return 1;
}

/* 1: drop. ethertype is 0 but on devices without an Ethernet header. What is found, and what is decided of it, goes from
 * step to step through the CPU's map value and is read there each time, since the verifier forgets it there: what it
 * remembers it follows to the end, once for each value. */
static __always_inline int pw_guard(void *ctx, int xdp, void *data, void *data_end, __be16 ethertype)
{
	struct pw_counters *c = pw_count();
	volatile struct pw_segment *seg;
	volatile struct pw_layers *l;
	struct pw_ends *e;
	int common, parsed = PW_PARSED_OK;
	__u64 blocks;

	if (!c)
		return 0;
	c->packets++;
	common = pw_common_flags(data, data_end, ethertype);
	l = &c->layers;
	e = &c->ends;
	seg = &c->segment;
	if (common >= 0) {
		if ((common & (PW_SYN | PW_RST | PW_ACK)) == PW_ACK && !pw_blocks())
			return 0;
		l->proto = IPPROTO_TCP;
		if (pw_take_common(e, seg, data, data_end, common))
			goto judged;
		l->ip = sizeof(struct ethhdr);
		l->l4 = sizeof(struct ethhdr) + sizeof(struct iphdr);
		l->family = 4;
	} else {
		parsed = pw_parse(l, data, data_end, ethertype);
		if (parsed == PW_PARSED_MALFORMED) {
			c->malformed++;
			if (!pw_blocks() || !l->family)
				return 0;
			l->proto = IPPROTO_TCP; /* whatever it hides: a blocked source gets nothing in by it */
		} else if (parsed != PW_PARSED_OK || (l->proto == IPPROTO_UDP ? !pw_blocks() : l->proto != IPPROTO_TCP)) {
			return 0;
		}
	}
	if (pw_addresses(e, l, data, data_end))
		return 0;
	seg->whole = 0;
	seg->flags = 0;
	seg->scan = 0;
	if (parsed == PW_PARSED_OK && l->proto == IPPROTO_TCP) {
		seg->scan = pw_look_at_tcp(l, seg, e, data, data_end, common >= 0, c);
	} else if (parsed == PW_PARSED_OK) {
		struct udphdr *udp = data + PW_OFFSET(l->l4);

		if ((void *)(udp + 1) > data_end || l->l4_len < sizeof(*udp)) {
			c->malformed++;
			return 0;
		}
		seg->source = udp->source;
		seg->dest = udp->dest;
		seg->whole = 1;
	}
judged:
	seg->local = seg->scan ? pw_is_local(e->dst) : 0;
	if (seg->scan != PW_SCAN_VERTICAL &&
	    (!seg->local || (seg->scan == PW_SCAN_HORIZONTAL && !pw_opt.weighted && !pw_many_locals())))
		seg->scan = 0;
	seg->blocked = 0;
	blocks = pw_blocks();
	if (blocks) {
		/* of what is judged the rule itself looks for a block in the table */
		if (!seg->local || seg->scan == PW_SCAN_HORIZONTAL)
			seg->blocked = pw_is_blocked(e, pw_tick());
		if (blocks >> 32 && !seg->blocked)
			seg->blocked = pw_in_net(e->src, pw_tick());
	}
	if (seg->scan) {
		int drop = pw_on_touch(ctx, xdp, e, seg, c);

		if (seg->scan != PW_SCAN_HORIZONTAL)
			return drop;
	}
	return seg->blocked && pw_drop_other(ctx, e, l, seg, c);
}

#endif
