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

/* A SYN (PW_SCAN_VERTICAL), or to us what no honest peer sends: `scan` says which. The sequence number of a handshake's
 * reset (PW_SCAN_HORIZONTAL) tells nothing that its SYN didn't. */
static __always_inline int pw_on_touch(void *ctx, const struct pw_ends *e, volatile struct pw_layers *l,
				       const struct tcphdr *tcp, __u32 scan, int local, __u32 ifindex,
				       struct pw_counters *c)
{
	__u64 tick = pw_tick(), ns = 0;
	__u16 src_port = bpf_ntohs(tcp->source), dst_port = bpf_ntohs(tcp->dest);
	int judged = PW_JUDGED_PASS, syn = scan == PW_SCAN_VERTICAL;
	volatile struct pw_found *found = &c->found;

	if (syn)
		c->attempts++;
	else if (scan != PW_SCAN_HORIZONTAL)
		c->odd++;
	if (local && scan == PW_SCAN_HORIZONTAL && pw_opt.weighted)
		judged = pw_judge_outcome(e, l->family == 6, dst_port, PW_COUNTED, 1, tick, found, c);
	else if (local)
		judged = pw_judge(e, l->family == 6, scan, dst_port, tick, found, c);
	else if (pw_blocks() && pw_is_blocked(e->src, l->family == 6, tick))
		judged = PW_JUDGED_DROP;
	if (judged == PW_JUDGED_DROP) {
		if (syn)
			c->attempts_dropped++;
		else
			c->dropped_flags++;
		return 1;
	}
	if ((pw_opt.events && syn) || judged == PW_JUDGED_SCAN)
		ns = pw_ns();
	if (pw_opt.events && syn)
		pw_report_attempt(e, l->family, src_port, dst_port, bpf_ntohl(tcp->seq),
				  local ? PW_DIR_INBOUND : PW_DIR_FORWARDED, ifindex, ns, c);
	if (judged == PW_JUDGED_SCAN) {
		pw_report_scan(e, l->family, dst_port, ifindex, ns, found, c);
		return found->until_tick != 0;
	}
	return 0;
}

/* Neither SYN nor anything else of a source that may be blocked. */
static __always_inline int pw_drop_other(void *ctx, const struct pw_ends *e, volatile struct pw_layers *l, void *l4,
					 __u8 flags, int short_header, struct pw_counters *c)
{
	struct udphdr *ports = l4; /* both protocols begin with the ports */

	if (!pw_is_blocked(e->src, l->family == 6, pw_tick()))
		return 0;
	if (l->proto == IPPROTO_TCP && (short_header || (pw_touch(flags) >= PW_SCAN_NULL && pw_touch(flags) < PW_TOUCH_SYN_ACK))) {
		c->dropped_flags++;
		return 1;
	}
	if (!pw_opt.block_established) {
		if (!pw_is_local(e->dst))
			return 0; /* forwarded: we can't know */
		if (!short_header && pw_has_socket(ctx, e, l->family == 6, l->proto == IPPROTO_UDP, ports->source, ports->dest))
			return 0;
	}
	c->dropped_other++;
	return 1;
}

/* 1: drop. ethertype is 0 but on devices without an Ethernet header. */
static __always_inline int pw_guard(void *ctx, void *data, void *data_end, __be16 ethertype, __u32 ifindex)
{
	struct pw_counters *c = pw_count();
	volatile struct pw_layers *l;
	struct pw_ends ends, *e = &ends;
	struct tcphdr *tcp;
	__u8 flags = 0;
	__u32 scan;
	int common, local, drop;

	if (!c)
		return 0;
	c->packets++;
	common = pw_common_flags(data, data_end, ethertype);
	l = &c->layers;

	if (common >= 0) {
		if ((common & (PW_SYN | PW_RST | PW_ACK)) == PW_ACK && !pw_blocks())
			return 0;
		l->ip = sizeof(struct ethhdr);
		l->l4 = sizeof(struct ethhdr) + sizeof(struct iphdr);
		l->family = 4;
		l->proto = IPPROTO_TCP;
	} else {
		switch (pw_parse(l, data, data_end, ethertype)) {
		case PW_PARSED_OK:
			break;
		case PW_PARSED_MALFORMED:
			c->malformed++;
			if (!pw_blocks() || !l->family || pw_addresses(e, l, data, data_end))
				return 0;
			l->proto = IPPROTO_TCP; /* whatever it hides: a blocked source gets nothing in by it */
			return pw_drop_other(ctx, e, l, 0, 0, 1, c);
		default:
			return 0;
		}
	}
	if (l->proto != IPPROTO_TCP) {
		if (l->proto != IPPROTO_UDP || !pw_blocks())
			return 0;
		tcp = data + PW_OFFSET(l->l4);
		if ((void *)tcp + sizeof(struct udphdr) > data_end || l->l4_len < sizeof(struct udphdr) ||
		    pw_addresses(e, l, data, data_end)) {
			c->malformed++;
			return 0;
		}
		return pw_drop_other(ctx, e, l, tcp, 0, 0, c);
	}
	tcp = data + PW_OFFSET(l->l4);
	if ((void *)(tcp + 1) > data_end ||
	    (common < 0 && (l->l4_len < sizeof(*tcp) || tcp->doff < 5 || l->l4_len < tcp->doff * 4 ||
			    (void *)tcp + tcp->doff * 4 > data_end))) {
		c->malformed++;
		if (pw_addresses(e, l, data, data_end))
			return 0;
		/* a first fragment with the ports but not the flags (RFC 1858): Linux puts it together, so it is a probe */
		if (l->fragmented && l->l4_len >= 8 && l->l4_len < sizeof(*tcp) && (void *)tcp + 8 <= data_end &&
		    pw_is_local(e->dst)) {
			scan = PW_SCAN_FRAGMENT;
		} else {
			if (!pw_blocks())
				return 0;
			return pw_drop_other(ctx, e, l, 0, 0, 1, c);
		}
	} else {
		flags = ((__u8 *)tcp)[13];
		if ((flags & (PW_SYN | PW_ACK)) == PW_ACK && !(flags & PW_RST) && !pw_blocks())
			return 0;
		if (pw_addresses(e, l, data, data_end))
			return 0;
		scan = pw_touch(flags);
		if (scan == PW_TOUCH_SYN_ACK) {
			pw_note_scatter(pw_id(e->src, e->dst, l->family == 6,
					      bpf_ntohs(tcp->source) | (__u32)bpf_ntohs(tcp->dest) << 16,
					      bpf_ntohl(tcp->ack_seq)));
			scan = 0;
		} else if (scan == PW_TOUCH_RESET) {
			/* half-open: evidence when many addresses see it */
			scan = pw_note_reset(pw_id(e->src, e->dst, l->family == 6,
						   bpf_ntohs(tcp->source) | (__u32)bpf_ntohs(tcp->dest) << 16,
						   bpf_ntohl(tcp->seq) - 1)) ? PW_SCAN_HORIZONTAL : 0;
		}
	}
	local = scan ? pw_is_local(e->dst) : 0;
	if (scan == PW_SCAN_VERTICAL || (scan && local)) {
		drop = pw_on_touch(ctx, e, l, tcp, scan, local, ifindex, c);
		if (scan != PW_SCAN_HORIZONTAL)
			return drop;
	}
	if (!pw_blocks())
		return 0;
	return pw_drop_other(ctx, e, l, tcp, flags, 0, c);
}

#endif
