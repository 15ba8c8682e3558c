/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What each state change of a TCP socket means to us. The current process is read only where it is the right one:
 * connect, listen, shutdown and close run in it; SYN_RECV to ESTABLISHED runs in softirq with somebody else's. */
#ifndef PW_SOCKETS_H
#define PW_SOCKETS_H

#include "memory.h"
#include "rule.h"
#include "socket_record.h"

#define PW_TCP 6

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

/* How often a TCP socket went from one state to another, by the kernel's numbers: [old << 4 | new].
 * Inserted: pw_state adds to its CPU's entry. Read: user space (states). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[256]);
} pw_changes SEC(".maps");

static __always_inline void pw_count_change(int oldstate, int newstate)
{
	__u32 zero = 0;
	__u64 *changes = bpf_map_lookup_elem(&pw_changes, &zero);

	if (changes)
		changes[(oldstate & 15) << 4 | (newstate & 15)]++;
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

/* The process that runs now becomes the socket's owner. Called from one place of a program: for each pointer that is
 * followed the verifier reads through all names of the kernel's types. */
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

/* connect(2): the ports may not be chosen yet. Whose owner is to be taken, as of the next two. */
static __always_inline struct pw_sock *pw_on_connect(struct sock *sk)
{
	struct pw_sock *s = pw_know(sk);

	if (!s || s->seen == PW_SYN_SENT)
		return 0;
	__builtin_memset(s, 0, sizeof(*s));
	s->seen = PW_SYN_SENT;
	s->start_ns = bpf_ktime_get_ns();
	return s;
}

static __always_inline struct pw_sock *pw_on_listen(struct sock *sk)
{
	struct pw_sock *s = pw_know(sk);

	if (!s || s->seen == PW_LISTEN)
		return 0;
	__builtin_memset(s, 0, sizeof(*s));
	s->seen = PW_LISTEN;
	return s;
}

/* Somebody completed a handshake with one of our ports. */
static __always_inline void pw_credit(const struct sock *sk, const struct pw_tuple *t, __u64 ns)
{
	struct pw_counters *c = pw_count();
	struct pw_ends e;

	if (!pw_keeps_outcomes() || !c || pw_netns(&sk->__sk_common) != pw_opt.netns)
		return;
	__builtin_memcpy(e.src, t->remote, 16);
	__builtin_memcpy(e.dst, t->local, 16);
	e.family = t->family;
	pw_judge_outcome(&e, t->local_port, PW_OPENED, 0, PW_TICK(ns), &c->found, c);
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
static __always_inline struct pw_sock *pw_on_shutdown(struct sock *sk)
{
	struct pw_sock *s = pw_known(sk);

	return s && (s->from == PW_FROM_NONE || (s->from == PW_FROM_LISTEN && !s->io)) ? s : 0;
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
