/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From the first byte of a frame to its transport header: Ethernet, 802.1Q/ad, IPv4 with options and fragments,
 * IPv6 with extension headers. Only UAPI structs, so that no CO-RE is needed. */
#ifndef PW_PACKET_H
#define PW_PACKET_H

#include "state.h"
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#define PW_FIN 0x01
#define PW_SYN 0x02
#define PW_RST 0x04
#define PW_PSH 0x08
#define PW_ACK 0x10
#define PW_URG 0x20

/* RFC 792 and RFC 4443; linux/icmp.h would pull in the C library. */
#define PW_ICMP_UNREACHABLE 3
#define PW_ICMP_PORT 3 /* code: port unreachable */
#define PW_ICMP6_UNREACHABLE 1
#define PW_ICMP6_PORT 4

struct pw_icmp {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 rest;
};

#define PW_V4_PREFIX bpf_htonl(0xffff) /* third word of ::ffff:a.b.c.d */
#define PW_EXT_HEADERS 6               /* RFC 8200 names six kinds, each at most once but one */
#define PW_OFFSET(x) ((x) & 0x7fff)    /* tells the verifier what the parser knows; 6 times 2 KiB, quoted again, fit */

enum pw_parsed {
	PW_PARSED_OTHER,     /* not IP, or nothing after it that we look at */
	PW_PARSED_MALFORMED, /* shorter than its own headers say */
	PW_PARSED_FRAGMENT,  /* not the first fragment: no transport header */
	PW_PARSED_OK,
};

struct pw_vlan {
	__be16 tci;
	__be16 proto;
};

struct pw_ext {
	__u8 next;
	__u8 len; /* 8 bytes each, not counting the first */
	__be16 offset;
	__be32 id;
};

static __always_inline int pw_parse_ip4(volatile struct pw_layers *l, void *data, void *data_end, __u32 off)
{
	struct iphdr *ip = data + off;
	__u32 header, total;
	__u16 frag;

	l->fragmented = 0;
	if ((void *)(ip + 1) > data_end)
		return PW_PARSED_MALFORMED;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	frag = bpf_ntohs(ip->frag_off);
	l->ip = off;
	l->family = 4;
	l->proto = ip->protocol;
	/* GSO segments over 64 KiB say 0 */
	if (ip->version != 4 || header < sizeof(*ip) || (total && total < header))
		return PW_PARSED_MALFORMED;
	l->l4 = off + header;
	l->l4_len = total ? total - header : 0xffff;
	l->fragmented = (frag & 0x3fff) != 0;
	if (frag & 0x1fff)
		return PW_PARSED_FRAGMENT;
	return PW_PARSED_OK;
}

static __always_inline int pw_parse_ip6(volatile struct pw_layers *l, void *data, void *data_end, __u32 off)
{
	struct ipv6hdr *ip = data + off;
	__u32 rest, len;
	__u8 next;
	int i;

	l->fragmented = 0;
	if ((void *)(ip + 1) > data_end)
		return PW_PARSED_MALFORMED;
	if (ip->version != 6)
		return PW_PARSED_MALFORMED;
	l->ip = off;
	l->family = 6;
	rest = bpf_ntohs(ip->payload_len);
	if (!rest)
		rest = 0xffff; /* jumbogram or large GSO segment */
	next = ip->nexthdr;
	off += sizeof(*ip);
	for (i = 0;; i++) {
		struct pw_ext *ext;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_AH)
			break;
		if (i == PW_EXT_HEADERS)
			return PW_PARSED_MALFORMED; /* nothing hides behind more of them than any peer sends */
		/* through memory, so that the ways through this loop meet again at each turn */
		l->l4 = off;
		l->l4_len = rest;
		off = PW_OFFSET(l->l4);
		rest = l->l4_len;
		ext = data + off;
		if ((void *)(ext + 1) > data_end)
			return PW_PARSED_MALFORMED;
		if (next == IPPROTO_FRAGMENT) {
			l->fragmented = 1;
			len = 8;
			if (bpf_ntohs(ext->offset) & 0xfff8) {
				l->proto = ext->next;
				return PW_PARSED_FRAGMENT;
			}
		} else if (next == IPPROTO_AH) {
			len = (ext->len + 2) * 4;
		} else {
			len = (ext->len + 1) * 8;
		}
		if (len > rest)
			return PW_PARSED_MALFORMED;
		rest -= len;
		off += len;
		next = ext->next;
	}
	l->proto = next;
	l->l4 = off;
	l->l4_len = rest;
	return PW_PARSED_OK;
}

/* ethertype: of a device without an Ethernet header, else 0. */
static __always_inline int pw_parse(volatile struct pw_layers *l, void *data, void *data_end, __be16 ethertype)
{
	__u32 off = 0;
	int i;

	l->family = 0;
	l->proto = 0;
	if (!ethertype) {
		struct ethhdr *eth = data;

		if ((void *)(eth + 1) > data_end)
			return PW_PARSED_MALFORMED;
		ethertype = eth->h_proto;
		off = sizeof(*eth);
		for (i = 0; i < 2; i++) {
			struct pw_vlan *vlan = data + off;

			if (ethertype != bpf_htons(ETH_P_8021Q) && ethertype != bpf_htons(ETH_P_8021AD))
				break;
			if ((void *)(vlan + 1) > data_end)
				return PW_PARSED_MALFORMED;
			ethertype = vlan->proto;
			off += sizeof(*vlan);
		}
	}
	if (ethertype == bpf_htons(ETH_P_IP))
		return pw_parse_ip4(l, data, data_end, off);
	if (ethertype == bpf_htons(ETH_P_IPV6))
		return pw_parse_ip6(l, data, data_end, off);
	return PW_PARSED_OTHER;
}

/* The flags of a TCP segment in nearly every frame's form (Ethernet, IPv4 without options or fragments, a whole header),
 * without the parser; -1 for all others. Most segments end here. */
static __always_inline int pw_common_flags(void *data, void *data_end, __be16 ethertype)
{
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct tcphdr *tcp = (void *)(ip + 1);

	if (ethertype || (void *)(tcp + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    *(__u8 *)ip != 0x45 || ip->protocol != IPPROTO_TCP || ip->frag_off & bpf_htons(0x3fff) || tcp->doff < 5 ||
	    bpf_ntohs(ip->tot_len) < sizeof(*ip) + tcp->doff * 4 || (void *)tcp + tcp->doff * 4 > data_end)
		return -1;
	return ((__u8 *)tcp)[13];
}

/* The lower half of ::ffff:a.b.c.d. */
static __always_inline __u64 pw_mapped(__be32 addr)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u64)addr << 32 | PW_V4_PREFIX;
#else
	return (__u64)PW_V4_PREFIX << 32 | addr;
#endif
}

/* Asked of memory each time: what depends on it twice isn't followed twice by the verifier. */
static __always_inline int pw_family(const struct pw_ends *e)
{
	return *(const volatile __u8 *)&e->family;
}

static __always_inline int pw_is_v6(const struct pw_ends *e)
{
	return pw_family(e) == 6;
}

static __always_inline int pw_addresses(struct pw_ends *e, volatile struct pw_layers *l, void *data, void *data_end)
{
	e->family = l->family;
	if (l->family == 4) {
		struct iphdr *ip = data + PW_OFFSET(l->ip);

		if ((void *)(ip + 1) > data_end)
			return -1;
		/* stored by 8 bytes, as they are read: a load that spans two stores waits for both to reach the cache */
		e->src8[0] = e->dst8[0] = 0;
		e->src8[1] = pw_mapped(ip->saddr);
		e->dst8[1] = pw_mapped(ip->daddr);
	} else {
		struct ipv6hdr *ip = data + PW_OFFSET(l->ip);

		if ((void *)(ip + 1) > data_end)
			return -1;
		__builtin_memcpy(e->src, &ip->saddr, 16);
		__builtin_memcpy(e->dst, &ip->daddr, 16);
	}
	return 0;
}

#endif
