/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A socket's ends, and the record of what became of it. */
#ifndef PW_SOCKET_RECORD_H
#define PW_SOCKET_RECORD_H

#include "id.h"
#include "state.h"

#define PW_AF_INET6 10
#define PW_SOCK_DONE 1 /* enum sock_flags in include/net/sock.h: the peer's FIN was taken */

/* At a connect to port P nothing is known but the socket; at close everything. */
struct pw_tuple {
	__u32 local[4];
	__u32 remote[4];
	__u16 local_port;
	__u16 remote_port;
	__u8 family;
};

/* Of a socket that is ours. */
static __always_inline __u64 pw_netns(const struct sock_common *sk)
{
	return pw_opt.all_netns ? sk->skc_net.net->net_cookie : pw_opt.netns;
}

static __always_inline int pw_is_ours(const struct sock_common *sk)
{
	return pw_opt.all_netns || sk->skc_net.net->net_cookie == pw_opt.netns;
}

static __always_inline void pw_read_tuple(struct pw_tuple *t, const struct sock_common *sk)
{
	t->local_port = sk->skc_num;
	t->remote_port = bpf_ntohs(sk->skc_dport);
	if (sk->skc_family == PW_AF_INET6) {
		bpf_probe_read_kernel(t->local, 16, &sk->skc_v6_rcv_saddr);
		bpf_probe_read_kernel(t->remote, 16, &sk->skc_v6_daddr);
		t->family = 6;
		if (!(t->remote[0] | t->remote[1]) && t->remote[2] == bpf_htonl(0xffff))
			t->family = 4; /* IPv4 through an IPv6 socket */
	} else {
		t->local[0] = t->local[1] = t->remote[0] = t->remote[1] = 0;
		t->local[2] = t->remote[2] = bpf_htonl(0xffff);
		t->local[3] = sk->skc_rcv_saddr;
		t->remote[3] = sk->skc_daddr;
		t->family = 4;
	}
}

/* The tuple of a socket in any state: one that closes has given its port back, but its headers still say it. */
static __always_inline void pw_read_ends(struct pw_tuple *t, const struct sock *sk, const struct tcp_sock *tp)
{
	pw_read_tuple(t, &sk->__sk_common);
	if (!t->local_port && tp)
		t->local_port = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
}

static __always_inline void pw_fill_ends(struct pw_head *h, const struct pw_tuple *t, int swap)
{
	__builtin_memcpy(h->src, swap ? t->remote : t->local, 16);
	__builtin_memcpy(h->dst, swap ? t->local : t->remote, 16);
	h->src_port = swap ? t->remote_port : t->local_port;
	h->dst_port = swap ? t->local_port : t->remote_port;
}

static __always_inline __u64 pw_tuple_id(const struct pw_tuple *t, int swap, __u32 isn)
{
	__u32 ports = swap ? t->remote_port | (__u32)t->local_port << 16 : t->local_port | (__u32)t->remote_port << 16;

	return swap ? pw_id(t->remote, t->local, t->family == 6, ports, isn) :
		      pw_id(t->local, t->remote, t->family == 6, ports, isn);
}

static __always_inline void pw_fill_record(struct pw_record *r, struct sock *sk, struct tcp_sock *tp,
					   const struct pw_tuple *t, const struct pw_sock *s, __u64 ns, int kind,
					   int state)
{
	r->head.ts_ns = ns;
	r->head.id = s->id;
	pw_fill_ends(&r->head, t, s->flags & PW_FLAG_PASSIVE);
	r->head.isn = s->isn;
	r->head.kind = kind;
	r->head.family = t->family;
	r->head.direction = s->flags & PW_FLAG_BEFORE  ? PW_DIR_UNKNOWN :
			    s->flags & PW_FLAG_PASSIVE ? PW_DIR_INBOUND :
							 PW_DIR_OUTBOUND;
	r->head.flags = s->flags | PW_FLAG_WHOLE;
	r->head.ifindex = 0;
	r->head.netns = pw_netns(&sk->__sk_common);
	r->head.count = 1;
	r->head.refused = 0;
	r->sock.start_ns = s->start_ns;
	r->sock.cgroup = s->cgroup;
	__builtin_memcpy(r->sock.comm, s->comm, sizeof(r->sock.comm));
	r->sock.pid = s->pid;
	r->sock.uid = s->uid;
	r->sock.from = s->from;
	r->sock.state = state;
	r->sock.error = sk->sk_err;
	if (tp) {
		__u64 received = tp->bytes_received;

		/* rcv_nxt, and so this count, moves over the peer's FIN as well (tcp_data_queue) */
		if (received && sk->__sk_common.skc_flags >> PW_SOCK_DONE & 1)
			received--;
		r->sock.sent_bytes = tp->bytes_sent - tp->bytes_retrans;
		r->sock.received_bytes = received;
		r->sock.rtt_us = tp->srtt_us >> 3;
		r->sock.retransmits = tp->total_retrans;
		r->sock.cwnd = tp->snd_cwnd;
	} else {
		r->sock.sent_bytes = r->sock.received_bytes = 0;
		r->sock.rtt_us = r->sock.retransmits = r->sock.cwnd = 0;
	}
}

static __always_inline void pw_report_socket(struct sock *sk, struct tcp_sock *tp, const struct pw_tuple *t,
					     const struct pw_sock *s, __u64 ns, int kind, int state)
{
	struct pw_counters *c = pw_count();
	struct pw_record *r;

	if (!c)
		return;
	r = bpf_ringbuf_reserve(&pw_events, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(&c->sockets_lost, 1);
		return;
	}
	pw_fill_record(r, sk, tp, t, s, ns, kind, state);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	__sync_fetch_and_add(&c->sockets_reported, 1);
}

#endif
