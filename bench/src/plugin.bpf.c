// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The smallest plugin: what each one costs that looks at a packet and has no interest in it. */
#include "packetwatch_plugin.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arps SEC(".maps");

PACKETWATCH_INGRESS(packet)
{
	__u32 zero = 0;
	__u64 *count;

	if (packet->protocol != bpf_htons(ETH_P_ARP))
		return;
	count = bpf_map_lookup_elem(&arps, &zero);
	if (count)
		++*count;
}

char _license[] SEC("license") = "GPL";
