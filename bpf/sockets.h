/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What each state change of a TCP socket means to us. The current process is read only where it is the right one:
 * connect, listen, shutdown and close run in it; SYN_RECV to ESTABLISHED runs in softirq with somebody else's. */
#ifndef PW_SOCKETS_H
#define PW_SOCKETS_H

#include "id.h"
#include "memory.h"
#include "rule.h"

#define PW_AF_INET 2
#define PW_AF_INET6 10
#define PW_TCP 6
#define PW_SOCK_DONE 1 /* enum sock_flags in include/net/sock.h: the peer's FIN was taken */

/* include/net/tcp_states.h */
enum {
	PW_ESTABLISHED = 1,
	PW_SYN_SENT,
	PW_SYN_RECV,
	PW_FIN_WAIT1,
	PW_FIN_WAIT2,
	PW_TIME_WAIT,
	PW_CLOSE,
	PW_CLOSE_WAIT,
	PW_LAST_ACK,
	PW_LISTEN,
	PW_CLOSING,
	PW_NEW_SYN_RECV,
};

/* Name of each cgroup that opened or accepted a connection: the container's id outlives the container here.
 * Inserted: socket programs at connect, listen, accept. Deleted: by the kernel, least recently used. Read: user space. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, char[128]);
} pw_cgroups SEC(".maps");

/* At a connect to port P nothing is known but the socket; at close everything. */
struct pw_tuple {
	__u32 local[4];
	__u32 remote[4];
	__u16 local_port;
	__u16 remote_port;
	__u8 family;
};

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

static __always_inline void pw_name_cgroup(struct pw_sock *s, struct task_struct *task)
{
	struct kernfs_node *kn = task->cgroups->dfl_cgrp->kn;
	char name[128] = {};

	s->cgroup = kn->id;
	if (bpf_map_lookup_elem(&pw_cgroups, &s->cgroup))
		return;
	bpf_probe_read_kernel_str(name, sizeof(name), kn->name);
	bpf_map_update_elem(&pw_cgroups, &s->cgroup, name, BPF_ANY);
}

/* The process that runs now becomes the socket's owner. */
static __always_inline void pw_take_owner(struct pw_sock *s, int from)
{
	struct task_struct *task = bpf_get_current_task_btf();

	s->pid = task->tgid;
	s->uid = (__u32)bpf_get_current_uid_gid();
	bpf_probe_read_kernel(s->comm, sizeof(s->comm), task->group_leader->comm);
	s->from = from;
	pw_name_cgroup(s, task);
}

static __always_inline struct pw_sock *pw_known(struct sock *sk)
{
	return bpf_sk_storage_get(&pw_socks, sk, 0, 0);
}

static __always_inline struct pw_sock *pw_know(struct sock *sk)
{
	return bpf_sk_storage_get(&pw_socks, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
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
	r->head.netns = sk->__sk_common.skc_net.net->net_cookie;
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

/* connect(2): the ports may not be chosen yet. */
static __always_inline void pw_on_connect(struct sock *sk)
{
	struct pw_sock *s = pw_know(sk);

	if (!s || s->seen == PW_SYN_SENT)
		return;
	__builtin_memset(s, 0, sizeof(*s));
	s->seen = PW_SYN_SENT;
	s->start_ns = bpf_ktime_get_ns();
	pw_take_owner(s, PW_FROM_CONNECT);
}

static __always_inline void pw_on_listen(struct sock *sk)
{
	struct pw_sock *s = pw_know(sk);

	if (!s || s->seen == PW_LISTEN)
		return;
	__builtin_memset(s, 0, sizeof(*s));
	s->seen = PW_LISTEN;
	pw_take_owner(s, PW_FROM_LISTEN);
}

/* Somebody completed a handshake with one of our ports. */
static __always_inline void pw_credit(const struct sock *sk, const struct pw_tuple *t, __u64 ns)
{
	struct pw_counters *c = pw_count();
	struct pw_ends e;

	if (!(pw_opt.weighted || pw_opt.block || pw_opt.retell) || !c || sk->__sk_common.skc_net.net->net_cookie != pw_opt.netns)
		return;
	__builtin_memcpy(e.src, t->remote, 16);
	__builtin_memcpy(e.dst, t->local, 16);
	pw_judge_outcome(&e, t->family == 6, t->local_port, PW_OPENED, 0, PW_TICK(ns), &c->found, c);
}

/* The handshake is complete. */
static __always_inline void pw_on_established(struct sock *sk, int oldstate)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct pw_sock *s = pw_know(sk);
	__u64 ns = bpf_ktime_get_ns();
	struct pw_tuple t;

	if (!tp || !s || s->seen == PW_ESTABLISHED)
		return;
	s->seen = PW_ESTABLISHED;
	pw_read_tuple(&t, &sk->__sk_common);
	if (oldstate == PW_SYN_RECV && s->from != PW_FROM_CONNECT) {
		s->flags = PW_FLAG_PASSIVE;
		s->isn = tp->rcv_nxt - 1; /* RFC 9293 3.10.7.4: RCV.NXT is IRS+1 here */
		s->start_ns = ns;
		pw_credit(sk, &t, ns);
	} else if (!s->attempted) {
		s->isn = tp->snd_una - 1; /* SND.UNA is ISS+1 */
		s->attempted = 1;
	}
	s->id = pw_tuple_id(&t, s->flags & PW_FLAG_PASSIVE, s->isn);
	pw_report_socket(sk, tp, &t, s, ns, PW_KIND_OPEN, oldstate);
}

/* shutdown(2) or close(2), in the process that holds the socket. */
static __always_inline void pw_on_shutdown(struct sock *sk)
{
	struct pw_sock *s = pw_known(sk);

	if (s && (s->from == PW_FROM_NONE || (s->from == PW_FROM_LISTEN && !s->io)))
		pw_take_owner(s, PW_FROM_CLOSE);
}

static __always_inline void pw_on_closed(struct sock *sk, int oldstate)
{
	__u64 ns = bpf_ktime_get_ns();
	struct tcp_sock *tp;
	struct pw_sock *s;
	struct pw_tuple t;

	if (oldstate == PW_LISTEN || oldstate == PW_CLOSE)
		return;
	tp = bpf_skc_to_tcp_sock(sk);
	s = pw_know(sk);
	if (!tp || !s || s->seen == PW_CLOSE)
		return;
	if (!s->seen && !s->from && !s->pid)
		s->flags = PW_FLAG_BEFORE; /* nobody knew it */
	s->seen = PW_CLOSE;
	if (oldstate == PW_SYN_SENT && !s->attempted)
		s->isn = tp->snd_una;
	pw_read_ends(&t, sk, tp);
	if (!s->id)
		s->id = pw_tuple_id(&t, s->flags & PW_FLAG_PASSIVE, s->isn);
	pw_note_peer(t.remote, t.remote_port, ns);
	pw_report_socket(sk, tp, &t, s, ns, PW_KIND_CLOSE, oldstate);
	s->attempted = 0; /* the socket may connect again */
	s->id = 0;
}

/* The first read or write on an accepted socket shows its worker. */
static __always_inline void pw_on_io(struct sock *sk)
{
	struct pw_sock *s;

	if (sk->sk_protocol != PW_TCP)
		return;
	s = pw_known(sk);
	if (!s || s->io)
		return;
	s->io = 1;
	if (s->from != PW_FROM_CONNECT)
		pw_take_owner(s, PW_FROM_ACCEPT);
}

#endif
