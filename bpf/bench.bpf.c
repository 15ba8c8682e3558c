// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Programs for `make bench` only: an empty one to compare with, and the guard behind a step that gives each run of
 * BPF_PROG_TEST_RUN another source, which one call with a large repeat can't do from outside. */
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
	return pw_guard(xdp, data, data_end, 0, xdp->ingress_ifindex) ? XDP_DROP : XDP_PASS;
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

char _license[] SEC("license") = "Dual BSD/GPL";
