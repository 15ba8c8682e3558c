/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Sockets of this host, looked up for sources that are blocked or suspicious already, never for every packet. */
#ifndef PW_LOOKUP_H
#define PW_LOOKUP_H

#include "packet.h"

/* What a segment or datagram of e->src to e->dst meets here: the state of a TCP socket; of a UDP socket BPF_TCP_ESTABLISHED
 * when it is connected to this very peer; 0 when there is none. */
static __always_inline __u32 pw_socket_state(void *ctx, const struct pw_ends *e, int udp, __be16 sport, __be16 dport)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk;
	__u32 size, state;

	if (pw_is_v6(e)) {
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
		state = sk->dst_port == sport ? BPF_TCP_ESTABLISHED : 0;
	} else {
		sk = bpf_skc_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
		if (!sk)
			return 0;
		state = sk->state;
	}
	bpf_sk_release(sk);
	return state;
}

/* Does something established take it? */
static __always_inline int pw_has_socket(void *ctx, const struct pw_ends *e, int udp, __be16 sport, __be16 dport)
{
	__u32 state = pw_socket_state(ctx, e, udp, sport, dport);

	return state && state != BPF_TCP_LISTEN && state != BPF_TCP_NEW_SYN_RECV;
}

#endif
