/* Fills a ring with the records of connections that are refused 100 attempts later: two records for each run. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "../../bpf/events.h"
#include "../../bpf/id.h"

#define LATER 100

/* Only the name counts: the bench hands in the guard's ring. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} pw_attempts SEC(".maps");

/* [0] runs, [1] records without room. Changed: the program, which runs on one CPU at a time. Read: the bench. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} answered_counts SEC(".maps");

static __always_inline int record(__u32 number, __u8 kind)
{
	struct pw_head *h = bpf_ringbuf_reserve(&pw_attempts, sizeof(*h), 0);
	__u32 to = bpf_htonl(10 << 24 | 2);

	asm volatile("" : "+r"(to)); /* else the compiler makes the address a constant in a section of its own */
	__u32 src[4] = { 0, 0, bpf_htonl(0xffff), bpf_htonl(11 << 24 | number >> 15) };
	__u32 dst[4] = { 0, 0, bpf_htonl(0xffff), to };

	if (!h)
		return 1;
	__builtin_memset(h, 0, sizeof(*h));
	h->ts_ns = bpf_ktime_get_ns();
	h->src_port = 32768 + (number & 0x7fff);
	h->dst_port = 443;
	h->isn = number * 2654435761u;
	h->id = pw_id(src, dst, 0, h->src_port | (__u32)h->dst_port << 16, h->isn);
	__builtin_memcpy(h->src, src, 16);
	__builtin_memcpy(h->dst, dst, 16);
	h->kind = kind;
	h->family = 4;
	h->direction = kind == PW_KIND_ATTEMPT ? PW_DIR_INBOUND : PW_DIR_UNKNOWN;
	h->ifindex = 1;
	h->count = 1;
	bpf_ringbuf_submit(h, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tcx/answered")
int answered(struct __sk_buff *skb)
{
	__u32 zero = 0, one = 1;
	__u64 *runs = bpf_map_lookup_elem(&answered_counts, &zero), *lost = bpf_map_lookup_elem(&answered_counts, &one);

	if (!runs || !lost)
		return 0;
	*lost += record(*runs + LATER, PW_KIND_ATTEMPT);
	*lost += record(*runs, PW_KIND_REFUSED);
	*runs += 1;
	return 0;
}

char _license[] SEC("license") = "GPL";
