/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What excuses: ports that were open lately, remote ends that we had to do with, backscatter. */
#ifndef PW_MEMORY_H
#define PW_MEMORY_H

#include "table.h"

/* When each port of this host last answered with SYN+ACK, in 2^26 ns; by port and a hash of our address. A port that
 * refuses now but was open lately is a service that restarts, not one that a scanner found closed.
 * Inserted: egress; overwritten, never deleted. Read: egress. */
#define PW_OPENS 65536
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32[PW_OPENS]);
} pw_opens SEC(".maps");

/* Remote ends that we asked over UDP, or had a connection with: 16 bits of a hash, then when, in 2^30 ns: these 16 bits
 * wrap after 19 hours, and an end that we had to do with then is excused once more, for 4 minutes.
 * Inserted: egress (UDP from a port of ours that is no service's), socket programs (close); overwritten, never deleted. Read: egress, before it counts an answer
 * of ours as evidence against somebody. */
#define PW_PEERS 65536
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32[PW_PEERS]);
} pw_peers SEC(".maps");

/* What came in and is refused without being an attempt, as fingerprints of its tuple and of a number in the RST that
 * answers it. SYN+ACKs, by what they acknowledge, which is the RST's sequence number: backscatter of a spoofed flood is
 * no scan. Segments that no peer sends, by what the RST will acknowledge: the guard has judged them.
 * Inserted: guard; overwritten, never deleted. Read: egress. */
#define PW_SCATTERS 16384
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32[PW_SCATTERS]);
} pw_scatters SEC(".maps");

#define PW_SECONDS(ns) ((__u32)((ns) >> 30)) /* 1.07 s each */
#define PW_UDP_PEER 56   /* a minute: an answer that comes later answers nothing */
#define PW_TCP_PEER 224  /* 4 minutes, twice the MSL of RFC 9293: segments of an old connection */

static __always_inline __u32 *pw_open_place(const __u32 *dst, __u16 port)
{
	__u32 zero = 0;
	__u32 *opens = bpf_map_lookup_elem(&pw_opens, &zero);

	return opens ? &opens[(port ^ pw_fold(dst) >> 16) & (PW_OPENS - 1)] : 0;
}

/* This port of ours has answered with SYN+ACK. `now`: 2^26 ns. */
static __always_inline void pw_note_open(const __u32 *dst, __u16 port, __u32 now)
{
	__u32 *place = pw_open_place(dst, port);

	/* a store each minute, not for each connection; 0: none yet, as in the first minute after a boot */
	if (place && (!*place || now - *place > 1024))
		*place = now;
}

static __always_inline int pw_open_within(const __u32 *dst, __u16 port, __u32 now, __u32 lately)
{
	__u32 *place = pw_open_place(dst, port);

	return place && *place && now - *place < lately;
}

static __always_inline __u32 *pw_peer_place(const __u32 *addr, __u16 port, __u32 *tag)
{
	__u32 zero = 0, hash = pw_fold(addr) ^ port * 0x85ebca6b;
	__u32 *peers = bpf_map_lookup_elem(&pw_peers, &zero);

	hash = (hash ^ hash >> 15) * 0xc2b2ae35;
	*tag = hash & 0xffff0000;
	return peers ? &peers[hash & (PW_PEERS - 1)] : 0;
}

/* We had to do with this end. */
static __always_inline void pw_note_peer(const __u32 *addr, __u16 port, __u64 ns)
{
	__u32 tag, *place = pw_peer_place(addr, port, &tag), seen = PW_SECONDS(ns) & 0xffff;

	if (place && *place != (tag | seen))
		*place = tag | seen;
}

static __always_inline int pw_is_peer(const __u32 *addr, __u16 port, __u64 ns, __u32 within)
{
	__u32 tag, *place = pw_peer_place(addr, port, &tag);

	return place && (*place & 0xffff0000) == tag && ((PW_SECONDS(ns) - *place) & 0xffff) <= within;
}

static __always_inline __u32 *pw_scatter_place(__u64 id)
{
	__u32 zero = 0;
	__u32 *scatters = bpf_map_lookup_elem(&pw_scatters, &zero);

	return scatters ? &scatters[(__u32)id & (PW_SCATTERS - 1)] : 0;
}

/* A SYN+ACK came in; id of its tuple and of the number that it acknowledges. */
static __always_inline void pw_note_scatter(__u64 id)
{
	__u32 *place = pw_scatter_place(id);

	if (place)
		*place = (__u32)(id >> 32);
}

static __always_inline int pw_is_scatter(__u64 id)
{
	__u32 *place = pw_scatter_place(id);

	return place && *place == (__u32)(id >> 32);
}

#endif
