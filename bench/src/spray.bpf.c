/* Programs in front of a program under test: each run gives the frame another source, or the same one again at the
 * same cost, and hands it on by a tail call. The frame is Ethernet, IPv4 without options, TCP. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOURCE 26      /* offset of the IPv4 source address */
#define SOURCE_PORT 34
#define SEQUENCE 38
#define FRAME 54

/* Inserted: the bench, the program under test. Read: the programs here, of one type at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} spray_next SEC(".maps");

static __always_inline int spray(void *ctx, void *start, void *end, __u32 source, __u32 sequence)
{
	__u8 *data = start;

	if (data + FRAME > (__u8 *)end)
		return XDP_ABORTED;
	*(__u32 *)(data + SOURCE) = source;
	*(__u16 *)(data + SOURCE_PORT) = sequence | 4; /* low byte first in the frame: any port from 1024 on */
	*(__u32 *)(data + SEQUENCE) = sequence;
	bpf_tail_call(ctx, &spray_next, 0);
	return XDP_ABORTED;
}

SEC("xdp/random")
int spray_random(struct xdp_md *xdp)
{
	__u32 random = bpf_get_prandom_u32();

	/* 16 million sources in 11.0.0.0/8 */
	return spray(xdp, (void *)(long)xdp->data, (void *)(long)xdp->data_end, 11 | random << 8, random * 2654435761u);
}

/* For TCX, where a call of BPF_PROG_TEST_RUN has no cost of its own worth mentioning. */
SEC("tcx/random")
int spray_tcx(struct __sk_buff *skb)
{
	__u32 random = bpf_get_prandom_u32();

	return spray(skb, (void *)(long)skb->data, (void *)(long)skb->data_end, 11 | random << 8, random * 2654435761u);
}

SEC("xdp/fixed")
int spray_fixed(struct xdp_md *xdp)
{
	__u32 random = bpf_get_prandom_u32();

	return spray(xdp, (void *)(long)xdp->data, (void *)(long)xdp->data_end, 11 | 1 << 24, random * 2654435761u);
}

char _license[] SEC("license") = "GPL";
