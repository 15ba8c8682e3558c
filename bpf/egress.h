/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What leaves the host and tells about attempts: our own SYNs with their process, SYN+ACKs, and the RST or ICMP
 * unreachable that answers a SYN. That is how "closed port" is known, also behind address translation; and since only
 * the host itself knows what it refuses, this is where scans by other segments than SYN are found. */
#ifndef PW_EGRESS_H
#define PW_EGRESS_H

#include "lookup.h"
#include "report.h"

#define PW_EPHEMERAL 32768      /* Linux' first port for its own connections: segments to these and up are those of an old
                                 * connection of ours, as after a reboot, or of a scan that learns little by them */
#define PW_PRIVILEGED 1024      /* services answer from ports below: a late answer of DNS is no probe */
#define PW_TRACEROUTE 33434     /* traceroute(8) begins here ... */
#define PW_TRACEROUTE_PORTS 101 /* ... and goes up by one with each probe */

/* What this packet of ours says of somebody who touched one of our ports. */
enum pw_answer {
	PW_ANSWER_NONE = 0,
	PW_ANSWER_SYN_ACK,
	PW_ANSWER_CLOSED,      /* RST or ICMP unreachable to a SYN */
	PW_ANSWER_STRAY,       /* RST to a segment with ACK */
	PW_ANSWER_UNREACHABLE, /* ICMP port unreachable to a datagram */
};

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
	ns = pw_ns();
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

/* enum pw_answer */
static __always_inline int pw_on_tcp_out(struct __sk_buff *skb, volatile struct pw_layers *l, void *data, void *data_end,
					 struct pw_answered *a, __u64 ns, struct pw_counters *c)
{
	struct tcphdr *tcp = data + PW_OFFSET(l->l4);
	struct pw_ends e;
	__u32 isn, ports;
	__u8 flags;

	if ((void *)(tcp + 1) > data_end)
		return PW_ANSWER_NONE;
	flags = ((__u8 *)tcp)[13] & (PW_SYN | PW_ACK | PW_RST | PW_FIN);
	if (!(flags & (PW_SYN | PW_RST)) || pw_addresses(&e, l, data, data_end))
		return PW_ANSWER_NONE;
	if (flags == PW_SYN) {
		pw_own_syn(skb, &e, l, tcp, c);
		return PW_ANSWER_NONE;
	}
	/* The rest answers somebody who is this packet's destination. */
	__builtin_memcpy(a->e.src, e.dst, 16);
	__builtin_memcpy(a->e.dst, e.src, 16);
	a->port = bpf_ntohs(tcp->source);
	a->remote_port = bpf_ntohs(tcp->dest);
	a->e.family = l->family;
	ports = a->remote_port | (__u32)a->port << 16;
	isn = bpf_ntohl(tcp->ack_seq) - 1;
	if (flags == (PW_SYN | PW_ACK)) {
		pw_note_answer(pw_id(a->e.src, a->e.dst, pw_is_v6(&a->e), ports, isn));
		if (!skb->sk)
			pw_report_answer(PW_KIND_OPEN, a->e.src, a->e.dst, l->family, a->remote_port, a->port, isn, 0,
					 skb->ifindex, ns, c);
		return PW_ANSWER_SYN_ACK;
	}
	if (flags == (PW_RST | PW_ACK) && !tcp->seq) {
		/* RFC 9293 3.10.7.1: sequence number zero answers a segment without ACK: a SYN, or one that no peer sends */
		if (pw_is_scatter(pw_id(a->e.src, a->e.dst, pw_is_v6(&a->e), ports, isn + 1)))
			return PW_ANSWER_NONE;
		pw_report_answer(PW_KIND_REFUSED, a->e.src, a->e.dst, l->family, a->remote_port, a->port, isn, 0,
				 skb->ifindex, ns, c);
		return PW_ANSWER_CLOSED;
	}
	if (flags == PW_RST) { /* ... and the acknowledged number one with */
		c->strays++;
		if (a->port >= PW_EPHEMERAL ||
		    pw_is_scatter(pw_id(a->e.src, a->e.dst, pw_is_v6(&a->e), ports, bpf_ntohl(tcp->seq))) ||
		    pw_is_peer(a->e.src, a->remote_port, ns, PW_TCP_PEER) ||
		    /* of a connection to this service from before a reboot */
		    pw_socket_state(skb, &a->e, 0, tcp->dest, tcp->source)) {
			c->excused++;
			return PW_ANSWER_NONE;
		}
		return PW_ANSWER_STRAY;
	}
	return PW_ANSWER_NONE;
}

/* ICMP and ICMPv6 destination unreachable quote the packet that they answer. enum pw_answer */
static __always_inline int pw_on_icmp_out(struct __sk_buff *skb, volatile struct pw_layers *l, void *data, void *data_end,
					  struct pw_answered *a, __u64 ns, struct pw_counters *c)
{
	struct pw_icmp *icmp = data + PW_OFFSET(l->l4);
	volatile struct pw_layers *quoted = &c->quoted;
	struct tcphdr *tcp;
	__u32 off = PW_OFFSET(l->l4) + sizeof(*icmp);
	int parsed, port_closed;

	if ((void *)(icmp + 1) > data_end)
		return PW_ANSWER_NONE;
	port_closed = icmp->code == (l->proto == IPPROTO_ICMP ? PW_ICMP_PORT : PW_ICMP6_PORT);
	if (l->proto == IPPROTO_ICMP && icmp->type == PW_ICMP_UNREACHABLE)
		parsed = pw_parse_ip4(quoted, data, data_end, off);
	else if (l->proto == IPPROTO_ICMPV6 && icmp->type == PW_ICMP6_UNREACHABLE)
		parsed = pw_parse_ip6(quoted, data, data_end, off);
	else
		return PW_ANSWER_NONE;
	if (parsed != PW_PARSED_OK || (quoted->proto != IPPROTO_TCP && quoted->proto != IPPROTO_UDP))
		return PW_ANSWER_NONE;
	tcp = data + PW_OFFSET(quoted->l4);
	/* RFC 792 quotes 8 bytes: ports and sequence number; flags may be missing */
	if ((void *)tcp + 8 > data_end || pw_addresses(&a->e, quoted, data, data_end))
		return PW_ANSWER_NONE;
	a->remote_port = bpf_ntohs(tcp->source);
	a->port = bpf_ntohs(tcp->dest);
	if (quoted->proto == IPPROTO_UDP) {
		if (!port_closed)
			return PW_ANSWER_NONE;
		c->unreachables++;
		if (a->remote_port < PW_PRIVILEGED || pw_is_peer(a->e.src, a->remote_port, ns, PW_UDP_PEER) ||
		    (__u16)(a->port - PW_TRACEROUTE) < PW_TRACEROUTE_PORTS) {
			c->excused++;
			return PW_ANSWER_NONE;
		}
		return PW_ANSWER_UNREACHABLE;
	}
	if ((void *)tcp + 14 <= data_end && (((__u8 *)tcp)[13] & (PW_SYN | PW_ACK)) != PW_SYN)
		return PW_ANSWER_NONE;
	pw_report_answer(PW_KIND_REFUSED, a->e.src, a->e.dst, quoted->family, a->remote_port, a->port,
			 bpf_ntohl(tcp->seq), PW_FLAG_ICMP, skb->ifindex, ns, c);
	return PW_ANSWER_CLOSED;
}

/* What our answer says of who asked. */
static __always_inline void pw_judge_answer(int answer, const struct pw_answered *a, __u32 ifindex, __u64 ns,
					    struct pw_counters *c)
{
	volatile struct pw_found *found = &c->found;
	__u64 tick = PW_TICK(ns);
	__u32 scan = PW_SCAN_HORIZONTAL, outcome = PW_COUNTED;
	int judged;

	if (!pw_opt.ports || !pw_is_local(a->e.dst))
		return;
	if (answer == PW_ANSWER_SYN_ACK) {
		pw_note_open(a->e.dst, a->port, PW_WHEN(tick));
		if (!pw_opt.weighted)
			return;
		outcome = PW_ANSWERED;
	} else if (answer == PW_ANSWER_CLOSED && pw_open_within(a->e.dst, a->port, PW_WHEN(tick), PW_OPEN_LATELY)) {
		if (!pw_opt.weighted)
			return;
		outcome = PW_ANSWERED;
	} else if (answer == PW_ANSWER_CLOSED && !pw_opt.weighted && !pw_many_locals()) {
		return;
	} else if (answer == PW_ANSWER_STRAY) {
		scan = PW_SCAN_ACK;
	} else if (answer == PW_ANSWER_UNREACHABLE) {
		scan = PW_SCAN_UDP;
	}
	c->segment.scan = scan;
	if (pw_opt.weighted && *(volatile __u8 *)&c->segment.scan == PW_SCAN_HORIZONTAL)
		judged = pw_judge_outcome(&a->e, a->port, outcome, 0, tick, found, c);
	else
		judged = pw_judge(&a->e, a->port, tick, found, c);
	if (judged == PW_JUDGED_SCAN)
		pw_report_scan(&a->e, a->port, ifindex, ns, found, c);
}

/* Our datagrams: an answer to them is expected. */
static __always_inline void pw_on_udp_out(volatile struct pw_layers *l, void *data, void *data_end, __u64 ns)
{
	struct udphdr *udp = data + PW_OFFSET(l->l4);
	struct pw_ends e;

	if ((void *)(udp + 1) > data_end || pw_addresses(&e, l, data, data_end))
		return;
	/* of a service of ours they are answers, and whoever asks it could excuse himself */
	if (bpf_ntohs(udp->source) >= PW_EPHEMERAL)
		pw_note_peer(e.dst, bpf_ntohs(udp->dest), ns);
}

static __always_inline void pw_egress(struct __sk_buff *skb, __be16 ethertype)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct pw_answered *a;
	struct pw_counters *c;
	volatile struct pw_layers *l;
	int common = pw_common_flags(data, data_end, ethertype), answer;
	__u64 ns;

	if (common >= 0 && !(common & (PW_SYN | PW_RST)))
		return;
	c = pw_count();
	if (!c)
		return;
	l = &c->layers;
	a = &c->answered;
	if (pw_parse(l, data, data_end, ethertype) != PW_PARSED_OK)
		return;
	if (l->proto != IPPROTO_TCP && l->proto != IPPROTO_UDP && l->proto != IPPROTO_ICMP && l->proto != IPPROTO_ICMPV6)
		return;
	ns = pw_ns();
	if (l->proto == IPPROTO_TCP)
		answer = pw_on_tcp_out(skb, l, data, data_end, a, ns, c);
	else if (l->proto == IPPROTO_UDP)
		return pw_on_udp_out(l, data, data_end, ns);
	else
		answer = pw_on_icmp_out(skb, l, data, data_end, a, ns, c);
	c->found.answer = answer; /* through memory, where the verifier forgets by which way it came here */
	answer = *(volatile __u32 *)&c->found.answer;
	if (answer != PW_ANSWER_NONE)
		pw_judge_answer(answer, a, skb->ifindex, ns, c);
}

#endif
