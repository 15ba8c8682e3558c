/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The stable id of a connection; src/wire/id.ts has the same function (test/kernel holds them together). */
#ifndef PW_ID_H
#define PW_ID_H

struct pw_lanes {
	__u32 one, two;
};

static __always_inline void pw_mix(struct pw_lanes *l, __u32 word)
{
	l->one = (l->one ^ word) * 0xcc9e2d51;
	l->one = l->one << 15 | l->one >> 17;
	l->two = (l->two + word) * 0x1b873593;
	l->two ^= l->two >> 13;
}

static __always_inline __u32 pw_finish(__u32 h)
{
	h = (h ^ h >> 16) * 0x85ebca6b;
	h = (h ^ h >> 13) * 0xc2b2ae35;
	return h ^ h >> 16;
}

/* src and dst: 4 words each in network order; ports: src_port | dst_port << 16, both in host order. */
static __always_inline __u64 pw_id(const __u32 *src, const __u32 *dst, int v6, __u32 ports, __u32 isn)
{
	struct pw_lanes l = { 0x9e3779b9, 0x85ebca6b };

	if (v6) {
		pw_mix(&l, src[0]);
		pw_mix(&l, src[1]);
		pw_mix(&l, src[2]);
		pw_mix(&l, dst[0]);
		pw_mix(&l, dst[1]);
		pw_mix(&l, dst[2]);
	}
	pw_mix(&l, src[3]);
	pw_mix(&l, dst[3]);
	pw_mix(&l, ports);
	pw_mix(&l, isn);
	return (__u64)pw_finish(l.two ^ l.one) << 32 | pw_finish(l.one);
}

#endif
