/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What leaves the host and tells about attempts: our own SYNs with their process, SYN+ACKs, and the RST or ICMP
 * unreachable that answers a SYN. That is how "closed port" is known, also behind address translation. */
#ifndef PW_EGRESS_H
#define PW_EGRESS_H

#include "report.h"

/* The socket's first SYN. Later ones are retransmissions, which the socket counts itself. */
static __always_inline void pw_own_syn(struct __sk_buff *skb, const struct pw_ends *e, volatile struct pw_layers *l,
				       const struct tcphdr *tcp, struct pw_counters *c)
{
	struct bpf_sock *sk = skb->sk;
	struct pw_sock *known;
	struct pw_record *r;
	__u64 ns;

	if (!sk)
		return; /* forwarded: the guard saw it come in */
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return;
	known = bpf_sk_storage_get(&pw_socks, sk, 0, 0);
	if (known && known->attempted && known->isn == bpf_ntohl(tcp->seq))
		return;
	ns = bpf_ktime_get_ns();
	r = bpf_ringbuf_reserve(&pw_events, sizeof(*r), 0);
	if (!r) {
		c->outbound_lost++;
		return;
	}
	pw_fill_head(&r->head, ns, e->src, e->dst, l->family, bpf_ntohs(tcp->source), bpf_ntohs(tcp->dest),
		     bpf_ntohl(tcp->seq));
	r->head.kind = PW_KIND_ATTEMPT;
	r->head.direction = PW_DIR_OUTBOUND;
	r->head.ifindex = skb->ifindex;
	r->head.flags = 0;
	if (known) {
		r->head.flags = PW_FLAG_WHOLE;
		known->isn = r->head.isn;
		known->id = r->head.id;
		known->attempted = 1;
		__builtin_memset(&r->sock, 0, sizeof(r->sock));
		r->sock.start_ns = known->start_ns;
		r->sock.cgroup = known->cgroup;
		__builtin_memcpy(r->sock.comm, known->comm, sizeof(r->sock.comm));
		r->sock.pid = known->pid;
		r->sock.uid = known->uid;
		r->sock.from = known->from;
	}
	bpf_ringbuf_submit(r, PW_QUIET);
	c->outbound_reported++;
}

static __always_inline void pw_on_tcp_out(struct __sk_buff *skb, volatile struct pw_layers *l, void *data, void *data_end,
					  struct pw_counters *c)
{
	struct tcphdr *tcp = data + PW_OFFSET(l->l4);
	__u16 sport, dport;
	struct pw_ends e;
	__u32 isn;
	__u8 flags;

	if ((void *)(tcp + 1) > data_end)
		return;
	flags = ((__u8 *)tcp)[13] & (PW_SYN | PW_ACK | PW_RST | PW_FIN);
	if (!(flags & (PW_SYN | PW_RST)) || pw_addresses(&e, l, data, data_end))
		return;
	if (flags == PW_SYN) {
		pw_own_syn(skb, &e, l, tcp, c);
		return;
	}
	/* The rest answers a SYN whose originator is this packet's destination. */
	sport = bpf_ntohs(tcp->source);
	dport = bpf_ntohs(tcp->dest);
	isn = bpf_ntohl(tcp->ack_seq) - 1;
	if (flags == (PW_SYN | PW_ACK)) {
		pw_note_answer(pw_id(e.dst, e.src, l->family == 6, dport | (__u32)sport << 16, isn));
		if (!skb->sk)
			pw_report_answer(PW_KIND_OPEN, e.dst, e.src, l->family, dport, sport, isn, 0, skb->ifindex,
					 bpf_ktime_get_ns(), c);
	} else if (flags == (PW_RST | PW_ACK) && !tcp->seq) {
		/* RFC 9293 3.10.7.1: sequence number zero answers a segment without ACK */
		pw_report_answer(PW_KIND_REFUSED, e.dst, e.src, l->family, dport, sport, isn, 0, skb->ifindex,
				 bpf_ktime_get_ns(), c);
	}
}

/* ICMP and ICMPv6 destination unreachable quote the packet that they answer. */
static __always_inline void pw_on_icmp_out(struct __sk_buff *skb, volatile struct pw_layers *l, void *data, void *data_end,
					   struct pw_counters *c)
{
	struct pw_icmp *icmp = data + PW_OFFSET(l->l4);
	volatile struct pw_layers *quoted = &c->quoted;
	struct pw_ends e;
	struct tcphdr *tcp;
	__u32 off = PW_OFFSET(l->l4) + sizeof(*icmp);
	int parsed;

	if ((void *)(icmp + 1) > data_end)
		return;
	if (l->proto == IPPROTO_ICMP && icmp->type == PW_ICMP_UNREACHABLE)
		parsed = pw_parse_ip4(quoted, data, data_end, off);
	else if (l->proto == IPPROTO_ICMPV6 && icmp->type == PW_ICMP6_UNREACHABLE)
		parsed = pw_parse_ip6(quoted, data, data_end, off);
	else
		return;
	if (parsed != PW_PARSED_OK || quoted->proto != IPPROTO_TCP)
		return;
	tcp = data + PW_OFFSET(quoted->l4);
	/* RFC 792 quotes 8 bytes: ports and sequence number; flags may be missing */
	if ((void *)tcp + 8 > data_end || pw_addresses(&e, quoted, data, data_end))
		return;
	if ((void *)tcp + 14 <= data_end && (((__u8 *)tcp)[13] & (PW_SYN | PW_ACK)) != PW_SYN)
		return;
	pw_report_answer(PW_KIND_REFUSED, e.src, e.dst, quoted->family, bpf_ntohs(tcp->source), bpf_ntohs(tcp->dest),
			 bpf_ntohl(tcp->seq), PW_FLAG_ICMP, skb->ifindex, bpf_ktime_get_ns(), c);
}

static __always_inline void pw_egress(struct __sk_buff *skb, __be16 ethertype)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct pw_counters *c;
	volatile struct pw_layers *l;
	int common = pw_common_flags(data, data_end, ethertype);

	if (common >= 0 && !(common & (PW_SYN | PW_RST)))
		return;
	c = pw_count();
	if (!c)
		return;
	l = &c->layers;
	if (pw_parse(l, data, data_end, ethertype) != PW_PARSED_OK)
		return;
	if (l->proto != IPPROTO_TCP && l->proto != IPPROTO_ICMP && l->proto != IPPROTO_ICMPV6)
		return;
	if (l->proto == IPPROTO_TCP)
		pw_on_tcp_out(skb, l, data, data_end, c);
	else
		pw_on_icmp_out(skb, l, data, data_end, c);
}

#endif
