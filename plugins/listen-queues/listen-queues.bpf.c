// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The queues of each listening TCP socket, as the kernel has them (include/net/sock.h, request_sock.h), and who called
 * listen(). The decoder runs the iterators; there is no ring. */
#include "packetwatch_plugin.h"
#include <linux/in6.h>

#define LQ_TCP 6
#define LQ_INET6 10
#define LQ_LISTEN 10 /* include/net/tcp_states.h */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct net {
	__u64 net_cookie;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_rcv_saddr;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	atomic_t sk_drops;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
};

struct request_sock_queue {
	atomic_t qlen;
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
};

struct socket {
	struct sock *sk;
};

struct file {
	void *private_data;
};

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
	unsigned int uid;
};

#pragma clang attribute pop

struct lq_owner {
	__u32 pid;
	char comm[16];
};

/* A listener; one with cookie 0 says that there are no more. */
struct lq_listener {
	__u64 cookie;
	__u8 ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	__u32 port;
	__u32 uid;
	__u32 accept_queue; /* opened, not yet accepted */
	__u32 limit;        /* of both queues */
	__u32 syn_queue;    /* in their handshake */
	__u32 drops;        /* wraps */
	struct lq_owner owner;
	__u32 spare;
};

/* Inserted: at listen(), and once of the listeners from before. Deleted: by the kernel, with the socket. Read: below. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct lq_owner);
} lq_owners SEC(".maps");

static __always_inline int lq_is_ours(const struct sock_common *sk)
{
	return sk->skc_net.net->net_cookie == pw_host.netns;
}

SEC("tp_btf/inet_sock_set_state")
int lq_listens(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	struct task_struct *task;
	struct lq_owner *owner;

	if ((int)ctx[2] != LQ_LISTEN || sk->sk_protocol != LQ_TCP || !lq_is_ours(&sk->__sk_common))
		return 0;
	owner = bpf_sk_storage_get(&lq_owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!owner)
		return 0;
	task = bpf_get_current_task_btf();
	owner->pid = task->tgid;
	bpf_probe_read_kernel(owner->comm, sizeof(owner->comm), task->group_leader->comm); /* a thread has its own */
	return 0;
}

SEC("iter/task_file")
int lq_holders(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct lq_owner *owner;
	struct socket *socket;
	struct sock *sk;

	if (!task || !file || task->tgid != task->pid)
		return 0;
	socket = bpf_sock_from_file((void *)file);
	if (!socket || !socket->sk)
		return 0;
	sk = socket->sk;
	if (sk->sk_protocol != LQ_TCP || sk->__sk_common.skc_state != LQ_LISTEN || !lq_is_ours(&sk->__sk_common))
		return 0;
	if (bpf_sk_storage_get(&lq_owners, sk, 0, 0))
		return 0; /* the one with the lowest number: workers come after who made it */
	owner = bpf_sk_storage_get(&lq_owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!owner)
		return 0;
	owner->pid = task->tgid;
	bpf_probe_read_kernel(owner->comm, sizeof(owner->comm), task->comm);
	return 0;
}

SEC("iter/tcp")
int lq_queues(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct lq_listener listener = {};
	struct lq_owner *owner;
	struct tcp_sock *tcp;
	struct sock *sk;

	if (!skc)
		return 0;
	/* listeners come first: the decoder stops reading at the first socket that is none */
	if (skc->skc_state != LQ_LISTEN) {
		bpf_seq_write(ctx->meta->seq, &listener, sizeof(listener));
		return 0;
	}
	tcp = bpf_skc_to_tcp_sock(skc);
	if (!tcp)
		return 0;
	sk = &tcp->inet_conn.icsk_inet.sk;
	listener.cookie = bpf_get_socket_cookie(tcp);
	if (skc->skc_family == LQ_INET6) {
		bpf_probe_read_kernel(listener.ip, 16, &skc->skc_v6_rcv_saddr);
	} else {
		listener.ip[10] = listener.ip[11] = 0xff;
		__builtin_memcpy(listener.ip + 12, &(__be32){ skc->skc_rcv_saddr }, 4);
	}
	listener.port = skc->skc_num;
	listener.uid = ctx->uid;
	listener.accept_queue = sk->sk_ack_backlog;
	listener.limit = sk->sk_max_ack_backlog;
	listener.syn_queue = tcp->inet_conn.icsk_accept_queue.qlen.counter;
	listener.drops = sk->sk_drops.counter;
	owner = bpf_sk_storage_get(&lq_owners, tcp, 0, 0);
	if (owner)
		listener.owner = *owner;
	bpf_seq_write(ctx->meta->seq, &listener, sizeof(listener));
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
