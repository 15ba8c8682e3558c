// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Programs for benches and tests only: an empty one to compare with; the guard behind a step that gives each run of
 * BPF_PROG_TEST_RUN another source, which one call with a large repeat can't do from outside; and what the socket
 * programs do when a handshake completes, for packets that no socket ever sees. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "guard.h"

#define PW_SOURCE 26 /* offset of the IPv4 source address in an untagged Ethernet frame */

SEC("xdp/empty")
int pw_bench_empty(struct xdp_md *xdp)
{
	return XDP_PASS;
}

static __always_inline int pw_with_source(struct xdp_md *xdp, __u32 mask)
{
	void *data = (void *)(long)xdp->data, *data_end = (void *)(long)xdp->data_end;
	__u32 *source = data + PW_SOURCE;

	if ((void *)(source + 1) > data_end)
		return XDP_PASS;
	*source = bpf_htonl(0x0b000000 | (bpf_get_prandom_u32() & mask));
	return pw_guard(xdp, 1, data, data_end, 0) ? XDP_DROP : XDP_PASS;
}

/* The same work for one source ... */
SEC("xdp/one")
int pw_bench_one(struct xdp_md *xdp)
{
	return pw_with_source(xdp, 0);
}

/* ... and for 16 million. */
SEC("xdp/random")
int pw_bench_random(struct xdp_md *xdp)
{
	return pw_with_source(xdp, 0xffffff);
}

/* Half of the attempts' ring, given back at once: what it takes to get to where its positions wrap. */
SEC("xdp/spin")
int pw_test_spin(struct xdp_md *xdp)
{
	void *half = bpf_ringbuf_reserve(&pw_attempts, (8 << 20) - 8, 0);

	if (!half)
		return XDP_ABORTED;
	bpf_ringbuf_discard(half, PW_QUIET);
	return XDP_PASS;
}

struct pw_opened_request {
	__u32 src[4];
	__u32 dst[4];
	__u32 port;
	__u32 v6;
};

SEC("syscall")
int pw_test_opened(struct pw_opened_request *req)
{
	struct pw_counters *c = pw_count();
	struct pw_ends e;
	int i;

	if (!c)
		return 0;
#pragma unroll
	for (i = 0; i < 4; i++) {
		e.src[i] = ((volatile struct pw_opened_request *)req)->src[i];
		e.dst[i] = ((volatile struct pw_opened_request *)req)->dst[i];
	}
	e.family = ((volatile struct pw_opened_request *)req)->v6 ? 6 : 4;
	pw_judge_outcome(&e, ((volatile struct pw_opened_request *)req)->port, PW_OPENED, 0, pw_tick(), &c->found, c);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
