/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a plugin includes: a body that runs at TCX and at XDP, records for its decoder, and what it is told of the host.
 * docs/plugins.md builds a plugin on it. A plugin only looks: the loader makes each of its ends pass the packet on. */
#ifndef PACKETWATCH_PLUGIN_H
#define PACKETWATCH_PLUGIN_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

/* Filled in at load, so that the verifier removes what doesn't apply. */
const volatile struct pw_host {
	__u64 netns; /* cookie of the network namespace that is watched; tracepoints see those of others, too */
	__u8 layer3; /* this load is for devices without an Ethernet header */
} pw_host = {};

/* A packet, the same at both hooks. Nothing behind data_end may be read: compare before each read. */
struct pw_packet {
	void *data;
	void *data_end;
	__u32 l3;        /* offset of what follows the Ethernet header and up to two VLAN tags */
	__be16 protocol; /* EtherType of that */
	__u32 ifindex;
};

/* What became of a plugin's records, per CPU: user space sums them. */
struct pw_counts {
	__u64 sent;
	__u64 lost; /* the ring was full */
};

/* Once per plugin that emits records: the ring, of so many bytes (a power of two, a page at least). */
#define PACKETWATCH_EVENTS(bytes)                                                                                \
	struct {                                                                                                 \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                              \
		__uint(max_entries, bytes);                                                                      \
	} pw_ring SEC(".maps");                                                                                  \
	struct {                                                                                                 \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                                         \
		__uint(max_entries, 1);                                                                          \
		__type(key, __u32);                                                                              \
		__type(value, struct pw_counts);                                                                 \
	} pw_counts SEC(".maps")

/* Sends a record, of 4,096 bytes at most, to the decoder; what finds no room is counted. */
#define pw_emit(record)                                                                                          \
	do {                                                                                                     \
		_Static_assert(sizeof(*(record)) <= 4096, "a record has at most 4,096 bytes");                   \
		__u32 pw_zero = 0;                                                                               \
		long pw_full = bpf_ringbuf_output(&pw_ring, (record), sizeof(*(record)), BPF_RB_NO_WAKEUP);      \
		struct pw_counts *pw_c = bpf_map_lookup_elem(&pw_counts, &pw_zero);                              \
		if (pw_c && pw_full)                                                                             \
			pw_c->lost++;                                                                            \
		else if (pw_c)                                                                                   \
			pw_c->sent++;                                                                            \
	} while (0)

#define PW_LINEAR 192 /* bytes of a socket buffer that can be read at once: all headers, and a neighbour's options */

static __always_inline int pw_find_l3(struct pw_packet *p, __be16 protocol)
{
	struct ethhdr *eth = p->data;
	int i;

	p->l3 = 0;
	p->protocol = protocol;
	if (protocol)
		return 1;
	if ((void *)(eth + 1) > p->data_end)
		return 0;
	p->l3 = sizeof(*eth);
	p->protocol = eth->h_proto;
#pragma unroll
	for (i = 0; i < 2; i++) {
		__be16 *tag = p->data + p->l3;

		if (p->protocol != bpf_htons(ETH_P_8021Q) && p->protocol != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(tag + 2) > p->data_end)
			return 0;
		p->protocol = tag[1];
		p->l3 += 4;
	}
	return 1;
}

static __always_inline int pw_from_skb(struct pw_packet *p, struct __sk_buff *skb)
{
	__u32 have = skb->data_end - skb->data;

	if (have < PW_LINEAR && have < skb->len)
		bpf_skb_pull_data(skb, skb->len < PW_LINEAR ? skb->len : PW_LINEAR);
	p->data = (void *)(long)skb->data;
	p->data_end = (void *)(long)skb->data_end;
	p->ifindex = skb->ifindex;
	return pw_find_l3(p, pw_host.layer3 ? skb->protocol : 0);
}

static __always_inline int pw_from_xdp(struct pw_packet *p, struct xdp_md *xdp)
{
	p->data = (void *)(long)xdp->data;
	p->data_end = (void *)(long)xdp->data_end;
	p->ifindex = xdp->ingress_ifindex;
	return pw_find_l3(p, 0);
}

/* What comes in, after the guard let it pass: PACKETWATCH_INGRESS(packet) { ... packet->data ... } */
#define PACKETWATCH_INGRESS(packet)                                                                              \
	static __always_inline void pw_ingress(struct pw_packet *packet);                                        \
	SEC("tcx/ingress") int pw_tcx_ingress(struct __sk_buff *skb)                                             \
	{                                                                                                        \
		struct pw_packet pw_p;                                                                           \
		if (pw_from_skb(&pw_p, skb))                                                                     \
			pw_ingress(&pw_p);                                                                       \
		return -1; /* TCX_NEXT */                                                                        \
	}                                                                                                        \
	SEC("xdp") int pw_xdp(struct xdp_md *xdp)                                                                \
	{                                                                                                        \
		struct pw_packet pw_p;                                                                           \
		if (pw_from_xdp(&pw_p, xdp))                                                                     \
			pw_ingress(&pw_p);                                                                       \
		return XDP_PASS;                                                                                 \
	}                                                                                                        \
	static __always_inline void pw_ingress(struct pw_packet *packet)

/* What leaves. */
#define PACKETWATCH_EGRESS(packet)                                                                               \
	static __always_inline void pw_egress(struct pw_packet *packet);                                         \
	SEC("tcx/egress") int pw_tcx_egress(struct __sk_buff *skb)                                               \
	{                                                                                                        \
		struct pw_packet pw_p;                                                                           \
		if (pw_from_skb(&pw_p, skb))                                                                     \
			pw_egress(&pw_p);                                                                        \
		return -1;                                                                                       \
	}                                                                                                        \
	static __always_inline void pw_egress(struct pw_packet *packet)

#endif
