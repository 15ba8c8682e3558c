// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Claims of addresses in ARP (RFC 826, 5227) and IPv6 neighbour discovery (RFC 4861). A claim that was told within 10 s
 * is not told again, so that the ring has what is new, whatever the links' traffic is. */
#include "packetwatch_plugin.h"
#include <linux/in.h>
#include <linux/ipv6.h>

#define AW_TOLD_NS 10000000000ULL
#define AW_ARP_REPLY 2

/* Order of the counters, and kinds of a record. */
enum aw_kind {
	AW_REQUEST,
	AW_REPLY,
	AW_SOLICITATION,
	AW_ADVERTISEMENT,
	AW_ROUTER,
	AW_MALFORMED,
	AW_UNSOLICITED, /* counted beside its kind */
	AW_KNOWN,
	AW_KINDS,
};

enum aw_flag {
	AW_FLAG_UNSOLICITED = 1,
	AW_FLAG_PROBE = 2, /* it asks whether it may have the address (RFC 5227, RFC 4862) */
};

struct aw_claim {
	__u64 ts_ns;
	__u32 ifindex;
	__u16 lifetime; /* of a router, seconds */
	__u8 kind;
	__u8 flags;
	__u8 ip[16];   /* IPv4 as ::ffff:a.b.c.d */
	__u8 mac[6];   /* that is said to have it */
	__u8 frame[6]; /* that sent the frame */
	__u32 spare;
};

struct aw_arp {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_len;
	__u8 protocol_len;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender_ip[4];
	__u8 target_mac[6];
	__u8 target_ip[4];
};

/* The part that solicitations and advertisements share; router advertisements have theirs behind it. */
struct aw_nd {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__u8 flags; /* of an advertisement; of a router's: hop limit */
	__u8 router_flags;
	__be16 lifetime; /* of a router's */
	__u8 target[16]; /* of a router's: two timers, then options */
};

#define AW_ND_ROUTER 134
#define AW_ND_SOLICITATION 135
#define AW_ND_ADVERTISEMENT 136
#define AW_ND_SOLICITED 0x40

struct aw_key {
	__u32 ifindex;
	__u8 ip[16];
};

struct aw_known {
	__u64 told_ns;
	__u8 mac[6];
	__u16 spare;
};

PACKETWATCH_EVENTS(256 * 1024);

/* Inserted, changed: below, by claims. Deleted: by the kernel, the one used least recently. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct aw_key);
	__type(value, struct aw_known);
} aw_known SEC(".maps");

/* Counted: below. Read: the decoder. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[AW_KINDS]);
} aw_counts SEC(".maps");

/* Unsolicited claims by interface. Counted: below. Read: the decoder, each second. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} aw_unsolicited SEC(".maps");

static __always_inline void aw_count(enum aw_kind kind)
{
	__u32 zero = 0;
	__u64 *counts = bpf_map_lookup_elem(&aw_counts, &zero);

	if (counts)
		counts[kind]++;
}

static __always_inline void aw_count_unsolicited(__u32 ifindex)
{
	__u64 *count = bpf_map_lookup_elem(&aw_unsolicited, &ifindex), one = 1;

	aw_count(AW_UNSOLICITED);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&aw_unsolicited, &ifindex, &one, BPF_NOEXIST);
}

static __always_inline int aw_same(const __u8 *a, const __u8 *b)
{
	return *(__u16 *)a == *(__u16 *)b && *(__u16 *)(a + 2) == *(__u16 *)(b + 2) &&
	       *(__u16 *)(a + 4) == *(__u16 *)(b + 4);
}

/* Tells a claim, unless it was told a moment ago. */
static __always_inline void aw_tell(struct aw_claim *claim)
{
	struct aw_known *known, now = {};
	struct aw_key key = {};

	claim->ts_ns = bpf_ktime_get_ns();
	aw_count(claim->kind);
	if (claim->flags & AW_FLAG_UNSOLICITED)
		aw_count_unsolicited(claim->ifindex);
	key.ifindex = claim->ifindex;
	__builtin_memcpy(key.ip, claim->ip, 16);
	known = bpf_map_lookup_elem(&aw_known, &key);
	/* a probe claims nothing, and a router has more to say */
	if (!(claim->flags & AW_FLAG_PROBE) && claim->kind != AW_ROUTER) {
		if (known && aw_same(known->mac, claim->mac) && claim->ts_ns - known->told_ns < AW_TOLD_NS) {
			aw_count(AW_KNOWN);
			return;
		}
		now.told_ns = claim->ts_ns;
		__builtin_memcpy(now.mac, claim->mac, 6);
		bpf_map_update_elem(&aw_known, &key, &now, BPF_ANY);
	}
	pw_emit(claim);
}

static __always_inline void aw_on_arp(struct pw_packet *packet, struct aw_claim *claim)
{
	struct aw_arp *arp = packet->data + packet->l3;
	__be32 sender, target;

	if ((void *)(arp + 1) > packet->data_end || arp->hardware != bpf_htons(1) ||
	    arp->protocol != bpf_htons(ETH_P_IP) || arp->hardware_len != 6 || arp->protocol_len != 4) {
		aw_count(AW_MALFORMED);
		return;
	}
	claim->kind = arp->operation == bpf_htons(AW_ARP_REPLY) ? AW_REPLY : AW_REQUEST;
	__builtin_memcpy(&sender, arp->sender_ip, 4);
	__builtin_memcpy(&target, arp->target_ip, 4);
	if (!sender)
		claim->flags = AW_FLAG_PROBE;
	else if (sender == target)
		claim->flags = AW_FLAG_UNSOLICITED;
	claim->ip[10] = claim->ip[11] = 0xff;
	__builtin_memcpy(claim->ip + 12, sender ? arp->sender_ip : arp->target_ip, 4);
	__builtin_memcpy(claim->mac, arp->sender_mac, 6);
	aw_tell(claim);
}

/* The link-layer address among a message's options; without one it is the frame's. */
static __always_inline void aw_link_address(struct pw_packet *packet, __u32 at, __u8 wanted, __u8 *mac)
{
	int i;

#pragma unroll
	for (i = 0; i < 4; i++) {
		__u8 *option = packet->data + (at & 0xff);

		if ((void *)(option + 8) > packet->data_end || !option[1])
			return;
		if (option[0] == wanted) {
			__builtin_memcpy(mac, option + 2, 6);
			return;
		}
		at += option[1] * 8;
	}
}

static __always_inline void aw_on_nd(struct pw_packet *packet, struct aw_claim *claim)
{
	struct ipv6hdr *ip = packet->data + packet->l3;
	struct aw_nd *nd = (void *)(ip + 1);
	__u32 options = packet->l3 + sizeof(*ip) + sizeof(*nd);

	if ((void *)nd + 16 > packet->data_end || ip->nexthdr != IPPROTO_ICMPV6 || nd->type < AW_ND_ROUTER ||
	    nd->type > AW_ND_ADVERTISEMENT)
		return;
	if (ip->hop_limit != 255 || nd->code) { /* it came through a router, which nobody accepts */
		aw_count(AW_MALFORMED);
		return;
	}
	if (nd->type == AW_ND_ROUTER) {
		claim->kind = AW_ROUTER;
		claim->lifetime = bpf_ntohs(nd->lifetime);
		__builtin_memcpy(claim->ip, &ip->saddr, 16);
		aw_link_address(packet, options - 8, 1, claim->mac);
		aw_tell(claim);
		return;
	}
	if ((void *)(nd + 1) > packet->data_end) {
		aw_count(AW_MALFORMED);
		return;
	}
	if (nd->type == AW_ND_ADVERTISEMENT) {
		claim->kind = AW_ADVERTISEMENT;
		claim->flags = nd->flags & AW_ND_SOLICITED ? 0 : AW_FLAG_UNSOLICITED;
		__builtin_memcpy(claim->ip, nd->target, 16);
		aw_link_address(packet, options, 2, claim->mac);
	} else if (ip->saddr.s6_addr32[0] | ip->saddr.s6_addr32[1] | ip->saddr.s6_addr32[2] |
		   ip->saddr.s6_addr32[3]) {
		claim->kind = AW_SOLICITATION;
		__builtin_memcpy(claim->ip, &ip->saddr, 16);
		aw_link_address(packet, options, 1, claim->mac);
	} else {
		claim->kind = AW_SOLICITATION;
		claim->flags = AW_FLAG_PROBE;
		__builtin_memcpy(claim->ip, nd->target, 16);
	}
	aw_tell(claim);
}

PACKETWATCH_INGRESS(packet)
{
	struct ethhdr *eth = packet->data;
	struct aw_claim claim = {};

	if (packet->l3 < sizeof(*eth) || (void *)(eth + 1) > packet->data_end)
		return; /* no link-layer addresses here */
	claim.ifindex = packet->ifindex;
	__builtin_memcpy(claim.frame, eth->h_source, 6);
	__builtin_memcpy(claim.mac, eth->h_source, 6);
	if (packet->protocol == bpf_htons(ETH_P_ARP))
		aw_on_arp(packet, &claim);
	else if (packet->protocol == bpf_htons(ETH_P_IPV6))
		aw_on_nd(packet, &claim);
}

char _license[] SEC("license") = "Dual BSD/GPL";
