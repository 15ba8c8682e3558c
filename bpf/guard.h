/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The guard's one body, for TCX ingress and both forms of XDP: true when the packet is to be dropped. */
#ifndef PW_GUARD_H
#define PW_GUARD_H

#include "report.h"

static __always_inline int pw_is_local(const __u32 *addr)
{
	struct pw_locals *locals;
	__u32 zero = 0;

	if (addr[2] == PW_V4_PREFIX && !(addr[0] | addr[1]) && (addr[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000))
		return 1;
	locals = bpf_map_lookup_elem(&pw_locals, &zero);
	return locals && (pw_in_locals(locals, addr) || locals->all);
}

/* Has this host a socket that takes the segment or datagram as part of something established? */
static __always_inline int pw_has_socket(void *ctx, const struct pw_ends *e, int v6, int udp, __be16 sport,
					 __be16 dport)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk;
	__u32 size;
	int has;

	if (v6) {
		__builtin_memcpy(tuple.ipv6.saddr, e->src, 16);
		__builtin_memcpy(tuple.ipv6.daddr, e->dst, 16);
		tuple.ipv6.sport = sport;
		tuple.ipv6.dport = dport;
		size = sizeof(tuple.ipv6);
	} else {
		tuple.ipv4.saddr = e->src[3];
		tuple.ipv4.daddr = e->dst[3];
		tuple.ipv4.sport = sport;
		tuple.ipv4.dport = dport;
		size = sizeof(tuple.ipv4);
	}
	if (udp) {
		sk = bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
		if (!sk)
			return 0;
		has = sk->dst_port == sport; /* connected to this very peer */
	} else {
		sk = bpf_skc_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
		if (!sk)
			return 0;
		has = sk->state != BPF_TCP_LISTEN && sk->state != BPF_TCP_NEW_SYN_RECV;
	}
	bpf_sk_release(sk);
	return has;
}

/* Flag sets that no RFC 9293 peer sends: no flag at all, SYN with FIN or RST, FIN or URG or PSH without ACK. */
static __always_inline int pw_odd_flags(__u8 flags)
{
	if (flags & PW_SYN)
		return flags & (PW_FIN | PW_RST);
	return !(flags & (PW_ACK | PW_RST));
}

static __always_inline int pw_on_syn(void *ctx, const struct pw_ends *e, volatile struct pw_layers *l,
				     const struct tcphdr *tcp, __u32 ifindex, struct pw_counters *c)
{
	__u64 tick = PW_TICK(bpf_ktime_get_coarse_ns()), ns = 0;
	__u16 src_port = bpf_ntohs(tcp->source), dst_port = bpf_ntohs(tcp->dest);
	__u32 isn = bpf_ntohl(tcp->seq);
	int judged = PW_JUDGED_PASS, local = pw_is_local(e->dst);
	volatile struct pw_found *found = &c->found;

	c->attempts++;
	if (pw_blocks() >> 32 && pw_in_net(e->src, tick))
		judged = PW_JUDGED_DROP;
	else if (local)
		judged = pw_judge(e, l->family == 6, dst_port, tick, found, c);
	else if (pw_blocks() && pw_is_blocked(e->src, l->family == 6, tick))
		judged = PW_JUDGED_DROP;
	if (judged == PW_JUDGED_DROP) {
		c->attempts_dropped++;
		return 1;
	}
	if (pw_opt.events || judged == PW_JUDGED_SCAN)
		ns = bpf_ktime_get_ns();
	if (pw_opt.events)
		pw_report_attempt(e, l->family, src_port, dst_port, isn,
				  local ? PW_DIR_INBOUND : PW_DIR_FORWARDED, ifindex, ns, c);
	if (judged == PW_JUDGED_SCAN) {
		c->verdicts++;
		c->spared += found->spared;
		pw_report_verdict(PW_KIND_SCAN, e->src, e->dst, l->family, dst_port, ifindex, ns, found, c);
		return found->until_tick != 0;
	}
	return 0;
}

/* Neither SYN nor anything else of a source that may be blocked. */
static __always_inline int pw_drop_other(void *ctx, const struct pw_ends *e, volatile struct pw_layers *l, void *l4,
					 __u8 flags, int short_header, struct pw_counters *c)
{
	struct udphdr *ports = l4; /* both protocols begin with the ports */

	if (!pw_is_blocked(e->src, l->family == 6, PW_TICK(bpf_ktime_get_coarse_ns())))
		return 0;
	if (l->proto == IPPROTO_TCP && (short_header || pw_odd_flags(flags))) {
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
	struct pw_ends e;
	struct tcphdr *tcp;
	__u8 flags;
	int common;

	if (!c)
		return 0;
	c->packets++;
	common = pw_common_flags(data, data_end, ethertype);
	l = &c->layers;
	if (common >= 0) {
		if (!(common & (PW_SYN | PW_RST)) && !pw_blocks())
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
			if (!pw_blocks() || !l->family || pw_addresses(&e, l, data, data_end))
				return 0;
			l->proto = IPPROTO_TCP; /* whatever it hides: a blocked source gets nothing in by it */
			return pw_drop_other(ctx, &e, l, 0, 0, 1, c);
		default:
			return 0;
		}
	}
	if (l->proto != IPPROTO_TCP) {
		if (l->proto != IPPROTO_UDP || !pw_blocks())
			return 0;
		tcp = data + PW_OFFSET(l->l4);
		if ((void *)tcp + sizeof(struct udphdr) > data_end || l->l4_len < sizeof(struct udphdr) ||
		    pw_addresses(&e, l, data, data_end)) {
			c->malformed++;
			return 0;
		}
		return pw_drop_other(ctx, &e, l, tcp, 0, 0, c);
	}
	tcp = data + PW_OFFSET(l->l4);
	if ((void *)(tcp + 1) > data_end ||
	    (common < 0 && (l->l4_len < sizeof(*tcp) || tcp->doff < 5 || l->l4_len < tcp->doff * 4 ||
			    (void *)tcp + tcp->doff * 4 > data_end))) {
		c->malformed++;
		if (!pw_blocks() || pw_addresses(&e, l, data, data_end))
			return 0;
		return pw_drop_other(ctx, &e, l, 0, 0, 1, c);
	}
	flags = ((__u8 *)tcp)[13];
	if ((flags & (PW_SYN | PW_ACK | PW_FIN | PW_RST)) == PW_SYN) {
		if (pw_addresses(&e, l, data, data_end))
			return 0;
		return pw_on_syn(ctx, &e, l, tcp, ifindex, c);
	}
	if ((flags & (PW_SYN | PW_ACK | PW_FIN | PW_RST)) == PW_RST && pw_opt.events) {
		if (pw_addresses(&e, l, data, data_end))
			return 0;
		pw_note_reset(pw_id(e.src, e.dst, l->family == 6,
				    bpf_ntohs(tcp->source) | (__u32)bpf_ntohs(tcp->dest) << 16, bpf_ntohl(tcp->seq) - 1));
	}
	if (!pw_blocks() || pw_addresses(&e, l, data, data_end))
		return 0;
	return pw_drop_other(ctx, &e, l, tcp, flags, 0, c);
}

#endif
