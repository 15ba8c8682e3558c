/* Makes each frame a SYN of another source and sends it out of an interface (BPF_F_TEST_XDP_LIVE_FRAMES, 5.18). */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Written: the bench; `sent` here. Read: both. */
struct syns {
	__u64 sent;
	__u32 ifindex;
	__u32 base;    /* first source, in host order */
	__u32 sources; /* in turns; 0: any of the /8 that base is in, at random */
	__u16 port;    /* first port; a source always goes for the same one */
	__u16 ports;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct syns);
} syns_config SEC(".maps");

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

SEC("xdp")
int syns(struct xdp_md *xdp)
{
	void *data = (void *)(long)xdp->data, *end = (void *)(long)xdp->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct tcphdr *tcp = (void *)(ip + 1);
	__u32 zero = 0, source, pseudo[3];
	struct syns *c = bpf_map_lookup_elem(&syns_config, &zero);
	__u64 n;

	if (!c || (void *)(tcp + 1) > end)
		return XDP_ABORTED;
	n = c->sent++;
	source = c->sources ? c->base + n % c->sources : (c->base & 0xff000000) | (bpf_get_prandom_u32() & 0xffffff);
	ip->saddr = bpf_htonl(source);
	ip->check = 0;
	ip->check = fold(bpf_csum_diff(0, 0, (__be32 *)ip, sizeof(*ip), 0));
	tcp->source = bpf_htons(1024 + n % 60000);
	tcp->dest = bpf_htons(c->port + (c->ports ? source % c->ports : 0));
	tcp->seq = (__u32)n * 2654435761u;
	tcp->check = 0;
	pseudo[0] = ip->saddr;
	pseudo[1] = ip->daddr;
	pseudo[2] = bpf_htonl(IPPROTO_TCP << 16 | sizeof(*tcp));
	tcp->check = fold(bpf_csum_diff(0, 0, (__be32 *)tcp, sizeof(*tcp), bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), 0)));
	return bpf_redirect(c->ifindex, 0);
}

char _license[] SEC("license") = "GPL";
