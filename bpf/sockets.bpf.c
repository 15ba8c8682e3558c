// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The hooks on sockets, and the iterators over those that were there before. */
#include <linux/bpf.h>
#include <linux/in6.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "kernel_types.h"
#include "sockets.h"

#define PW_STATES \
	(1u << PW_SYN_SENT | 1u << PW_LISTEN | 1u << PW_ESTABLISHED | 1u << PW_FIN_WAIT1 | 1u << PW_LAST_ACK | \
	 1u << PW_CLOSE)

static __always_inline int pw_is_tcp_of_ours(const struct sock *sk)
{
	return sk->sk_protocol == PW_TCP && pw_is_ours(&sk->__sk_common);
}

static __always_inline void pw_take_change(struct sock *sk, int oldstate, int newstate)
{
	struct pw_sock *taken = 0;
	int from = PW_FROM_NONE;

	switch (newstate) {
	case PW_SYN_SENT:
		taken = pw_on_connect(sk);
		from = PW_FROM_CONNECT;
		break;
	case PW_LISTEN:
		taken = pw_on_listen(sk);
		from = PW_FROM_LISTEN;
		break;
	case PW_ESTABLISHED:
		pw_on_established(sk, oldstate);
		break;
	case PW_FIN_WAIT1:
	case PW_LAST_ACK:
		taken = pw_on_shutdown(sk);
		from = PW_FROM_CLOSE;
		break;
	case PW_CLOSE:
		pw_on_closed(sk, oldstate);
		break;
	}
	if (taken)
		pw_take_owner(taken, from);
}

/* Two programs at one place. The kernel skips a program that is already running on its CPU: a softirq that comes while
 * close(2) of one socket is being dealt with would lose the state change of another. Then the second one has its turn;
 * whatever the first one dealt with it leaves alone (struct pw_sock, seen). Only the first one counts. */
SEC("tp_btf/inet_sock_set_state")
int pw_state(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];

	if (!pw_is_tcp_of_ours(sk))
		return 0;
	pw_count_change((int)ctx[1], (int)ctx[2]);
	pw_take_change(sk, (int)ctx[1], (int)ctx[2]);
	return 0;
}

SEC("tp_btf/inet_sock_set_state/again")
int pw_state_again(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];

	/* half of all changes mean nothing to us: they end before anything is read */
	if (1u << (ctx[2] & 31) & PW_STATES && pw_is_tcp_of_ours(sk))
		pw_take_change(sk, (int)ctx[1], (int)ctx[2]);
	return 0;
}

/* The last chance: a socket that goes away and whose close nobody dealt with. Why a state change now and then reaches
 * no program is not known (docs/tested.md); its row would stay open for ever. */
SEC("tp_btf/tcp_destroy_sock")
int pw_destroy(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	struct pw_sock *s;

	if (!pw_is_ours(&sk->__sk_common))
		return 0;
	s = pw_known(sk);
	if (s && (s->seen == PW_ESTABLISHED || s->seen == PW_SYN_SENT))
		pw_on_closed(sk, s->seen == PW_ESTABLISHED ? PW_FIN_WAIT2 : PW_SYN_SENT);
	return 0;
}

SEC("tp_btf/sock_send_length")
int pw_send(__u64 *ctx)
{
	pw_on_io((struct sock *)ctx[0]);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int pw_receive(__u64 *ctx)
{
	pw_on_io((struct sock *)ctx[0]);
	return 0;
}

/* Owners of the sockets that are older than the program: whoever holds them open. */
SEC("iter/task_file")
int pw_owners(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct pw_sock *s;
	struct sock *sk;

	if (!task || !file || task->tgid != task->pid)
		return 0;
	socket = bpf_sock_from_file((void *)file);
	if (!socket || !socket->sk)
		return 0;
	sk = socket->sk;
	if (!pw_is_tcp_of_ours(sk) || sk->__sk_common.skc_state == PW_CLOSE)
		return 0;
	if (pw_known(sk))
		return 0;
	s = pw_know(sk);
	if (!s)
		return 0;
	s->flags = sk->__sk_common.skc_state == PW_LISTEN ? 0 : PW_FLAG_BEFORE;
	s->attempted = 1;
	/* of a connection nobody saw the call: its holder is who will close it */
	s->from = sk->__sk_common.skc_state == PW_LISTEN ? PW_FROM_LISTEN : PW_FROM_CLOSE;
	s->pid = task->tgid;
	s->uid = task->cred->uid.val;
	bpf_probe_read_kernel(s->comm, sizeof(s->comm), task->comm);
	pw_name_cgroup(s, task);
	s->io = s->flags & PW_FLAG_BEFORE ? 1 : 0;
	return 0;
}

/* Every TCP socket, as one record each. */
SEC("iter/tcp")
int pw_sockets(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct pw_sock nobody = { .flags = PW_FLAG_BEFORE };
	struct pw_sock *s = 0;
	struct pw_record r = {};
	struct tcp_sock *tp;
	struct pw_tuple t;
	__u8 state;

	if (!skc || !pw_is_ours(skc))
		return 0;
	state = skc->skc_state;
	if (state == PW_TIME_WAIT || state == PW_NEW_SYN_RECV || state == PW_CLOSE)
		return 0;
	tp = bpf_skc_to_tcp_sock(skc);
	if (!tp)
		return 0;
	s = pw_known((struct sock *)tp);
	if (!s)
		s = &nobody;
	pw_read_tuple(&t, skc);
	if (!s->id && state != PW_LISTEN)
		s->id = pw_tuple_id(&t, s->flags & PW_FLAG_PASSIVE, s->isn);
	pw_fill_record(&r, (struct sock *)tp, tp, &t, s, bpf_ktime_get_ns(), PW_KIND_EXISTING, state);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}

/* The id of a kernel function or tracepoint in the kernel's BTF, so that user space need not read 6 MB of it. */
struct pw_btf_query {
	char name[64];
	__u32 kind;
	__s32 id; /* negative: errno */
};

SEC("syscall")
int pw_find_btf(struct pw_btf_query *query)
{
	char name[64];

	__builtin_memcpy(name, query->name, sizeof(name));
	name[63] = 0;
	query->id = (__s32)bpf_btf_find_by_name_kind(name, sizeof(name), query->kind, 0);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
