import { OperatorError } from '../model/errors.ts';

const SIZE = 8;
/** Opcodes of Documentation/bpf/standardization/instruction-set.rst. */
const Op = { LOAD_64: 0x18, JUMP: 0x05, CALL: 0x85, EXIT: 0x95 } as const;
const FURTHEST_JUMP = 0x7fff;
const HINT = 'docs/plugins.md says what a plugin may do';

/**
 * Helpers that an observer may call, by name and number in linux/bpf.h (enum bpf_func_id): none of them changes a packet,
 * a socket or a process.
 */
const HELPERS: ReadonlySet<string> = new Set(
  `map_lookup_elem:1 map_update_elem:2 map_delete_elem:3 map_push_elem:87 map_pop_elem:88 map_peek_elem:89
   map_lookup_percpu_elem:195 spin_lock:93 spin_unlock:94 sk_storage_get:107 sk_storage_delete:108
   task_storage_get:156 task_storage_delete:157
   probe_read:4 probe_read_user:112 probe_read_kernel:113 probe_read_user_str:114 probe_read_kernel_str:115
   ktime_get_ns:5 jiffies64:118 ktime_get_boot_ns:125 ktime_get_coarse_ns:160 ktime_get_tai_ns:208
   get_prandom_u32:7 get_smp_processor_id:8 get_numa_node_id:42 trace_printk:6 snprintf:165 strncmp:182
   get_current_pid_tgid:14 get_current_uid_gid:15 get_current_comm:16 get_current_task:35
   get_current_task_btf:158 get_current_cgroup_id:80 get_current_ancestor_cgroup_id:123
   get_ns_current_pid_tgid:120
   skb_load_bytes:26 skb_load_bytes_relative:68 xdp_load_bytes:189 xdp_get_buff_len:188 csum_diff:28
   skb_pull_data:39 get_hash_recalc:34
   get_socket_cookie:46 get_socket_uid:47 get_netns_cookie:122 fib_lookup:69 sk_lookup_tcp:84
   sk_lookup_udp:85 sk_release:86 skc_lookup_tcp:99 sk_fullsock:95 tcp_sock:96 get_listener_sock:98
   skc_to_tcp6_sock:136 skc_to_tcp_sock:137 skc_to_tcp_timewait_sock:138 skc_to_tcp_request_sock:139
   skc_to_udp6_sock:140 sock_from_file:162 skc_to_unix_sock:178
   seq_printf:126 seq_write:127 ringbuf_output:130 ringbuf_reserve:131 ringbuf_submit:132
   ringbuf_discard:133 ringbuf_query:134`.match(/\d+(?=\s|$)/g),
);

/** How an observer of packets ends. */
export interface ObserverEnd {
  /** What passes a packet on. */
  readonly pass: number;
  /** Its successor, to which it jumps first: descriptor of an array of programs, and a place in it. */
  readonly next?: { readonly chain: number; readonly at: number };
}

/**
 * The instructions of a program on packets, changed so that it can only look: each of its ends, wherever it is and
 * whatever it returns, is a jump to one that runs the successor and passes the packet on.
 */
export function observer(instructions: Buffer, { pass, next }: ObserverEnd): Buffer {
  checkCalls(instructions);
  // The context, where no compiler reserves a place unless it needs all of the stack.
  const start = next ? instruction(0x7b, 10, 1, -512, 0) : Buffer.alloc(0); // *(u64 *)(r10 - 512) = r1
  const body = Buffer.from(instructions);
  each(body, (at) => {
    if (body[at] !== Op.EXIT) return;
    const distance = (body.length - at) / SIZE - 1;
    if (distance > FURTHEST_JUMP) throw new OperatorError('its program is too long', HINT);
    instruction(Op.JUMP, 0, 0, distance, 0).copy(body, at);
  });
  const jump = next
    ? [
        instruction(0x79, 1, 10, -512, 0), // r1 = the context
        instruction(Op.LOAD_64, 2, 1, 0, next.chain), // r2 = the map (BPF_PSEUDO_MAP_FD)
        instruction(0, 0, 0, 0, 0),
        instruction(0xb7, 3, 0, 0, next.at), // r3 = the place
        instruction(Op.CALL, 0, 0, 0, 12), // bpf_tail_call: comes back only when nobody is there
      ]
    : [];
  return Buffer.concat([
    start,
    body,
    ...jump,
    instruction(0xb7, 0, 0, 0, pass), // r0 = pass
    instruction(Op.EXIT, 0, 0, 0, 0),
  ]);
}

/** Throws OperatorError when a program calls what isn't for looking. */
export function checkCalls(instructions: Buffer): void {
  each(instructions, (at) => {
    if (instructions[at] !== Op.CALL) return;
    const kind = instructions[at + 1]! >> 4;
    const helper = instructions.readInt32LE(at + 4);
    if (kind !== 0) throw new OperatorError('it calls a function that is no helper', HINT);
    if (!HELPERS.has(String(helper)))
      throw new OperatorError(`it calls helper ${helper}, and a plugin only looks`, HINT);
  });
}

function each(instructions: Buffer, use: (at: number) => void): void {
  for (let at = 0; at < instructions.length; at += SIZE) {
    use(at);
    if (instructions[at] === Op.LOAD_64) at += SIZE; // it has two places
  }
}

function instruction(
  code: number,
  to: number,
  from: number,
  offset: number,
  immediate: number,
): Buffer {
  const bytes = Buffer.alloc(SIZE);
  bytes.writeUInt8(code, 0);
  bytes.writeUInt8(to | (from << 4), 1);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}
