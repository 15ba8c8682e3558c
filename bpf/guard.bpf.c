// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The hooks on packets, and the entry for user space's requests. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "guard.h"
#include "egress.h"
#include "control.h"

/* linux/bpf.h of Debian 12 is older than TCX */
#define PW_TCX_NEXT -1
#define PW_TCX_DROP 2
#define PW_HEADERS 160 /* what an skb must hold linearly: Ethernet, 2 VLAN tags, IPv4 and TCP with all options */

static __always_inline void pw_make_linear(struct __sk_buff *skb)
{
	__u32 have = skb->data_end - skb->data;

	if (have < PW_HEADERS && have < skb->len)
		bpf_skb_pull_data(skb, skb->len < PW_HEADERS ? skb->len : PW_HEADERS);
}

SEC("tcx/ingress")
int pw_tcx_ingress(struct __sk_buff *skb)
{
	pw_make_linear(skb);
	return pw_guard(skb, 0, (void *)(long)skb->data, (void *)(long)skb->data_end,
			pw_opt.layer3 ? skb->protocol : 0) ? PW_TCX_DROP : PW_TCX_NEXT;
}

SEC("tcx/egress")
int pw_tcx_egress(struct __sk_buff *skb)
{
	pw_make_linear(skb);
	pw_egress(skb, pw_opt.layer3 ? skb->protocol : 0);
	return PW_TCX_NEXT;
}

/* The plugins' XDP programs in their order: each ends in a tail call to the next one (src/kernel/observer.ts).
 * Inserted, deleted: user space. Read: the guard, when it let a packet pass, and the programs in it. Empty as soon as
 * user space is gone, since it isn't pinned. At TCX plugins are links of their own. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} pw_chain SEC(".maps");

SEC("xdp")
int pw_xdp(struct xdp_md *xdp)
{
	if (pw_guard(xdp, 1, (void *)(long)xdp->data, (void *)(long)xdp->data_end, 0))
		return XDP_DROP;
	if (pw_opt.plugins)
		bpf_tail_call(xdp, &pw_chain, 0);
	return XDP_PASS;
}

SEC("syscall")
int pw_requests(struct pw_request *req)
{
	return pw_control(req);
}

char _license[] SEC("license") = "Dual BSD/GPL";
/* kept in the BTF, for the offsets that user space reads there and for its generated layout */
const struct pw_record *pw_record_layout;
const struct pw_set *pw_set_layout;
const enum pw_kind *pw_kind_layout;
const enum pw_direction *pw_direction_layout;
const enum pw_from *pw_from_layout;
const enum pw_head_flag *pw_head_flag_layout;
const enum pw_scan *pw_scan_layout;
const enum pw_weight *pw_weight_layout;
