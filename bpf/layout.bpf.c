/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Never loaded: its BTF has every type of a record, for `make generate`. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "guard.h"

struct pw_record pw_record;
struct pw_packets_record pw_packets_record;
enum pw_kind pw_kind;
enum pw_direction pw_direction;
enum pw_from pw_from;
enum pw_scan pw_scan;
enum pw_weight pw_weight;
enum pw_head_flag pw_head_flag;
enum pw_tcp_option pw_tcp_option;
enum pw_form pw_form;
enum pw_tunnel pw_tunnel;

char LICENSE[] SEC("license") = "Dual BSD/GPL";
