/**
 * A row of the TrackTable in 32-bit words: 512 bytes, of which the first half is what most packets look at. Times in
 * nanoseconds are doubles of two words. Each end has a part of its own in both halves (End).
 */
export const Row = {
  /** The last packet that added something: what follows the close of both ends doesn't. */
  last_ns: 0,
  /** Before this time the row is surely not over. */
  due_ns: 2,
  src: 4,
  dst: 8,
  /** The originator's, and the responder's 16 bits above it. */
  ports: 12,
  /** Bytes of Kind, and marks (Mark) in the upper half. */
  kind: 13,
  hash: 14,
  /** Which letters stand in its history that are told once (History). */
  seen: 15,
  orig: 16,
  resp: 40,
  /** Its first packet. */
  start_ns: 82,
  /** Those before and behind it in its list (Wheel), and which list that is. */
  next: 85,
  prev: 86,
  list: 87,
  /** Bytes of Path. */
  path: 105,
  /** Bytes of Text, then the letters. */
  text: 106,
  /** What kind of packets it carries (Tunnel); then its id, once it carries some. */
  carries: 117,
  id: 118,
  /** The ids of what carried its own packets (Parents); 0: no more. */
  parents: 120,
  size: 128,
} as const;

/** Bytes from Row.kind on. */
export const Kind = { proto: 0, family: 1, marks: 2 } as const;

/** Bytes from Row.path on. */
export const Path = { vlan: 0, tunnels: 2, tunnel: 3 } as const;

/** Bytes from Row.text on. The letters end with a NUL, as in a record. */
export const Text = { length: 0, forms: 1, letters: 4, most: 39 } as const;

/**
 * One end, in 32-bit words from Row.orig or Row.resp on: `hot` of them, and others from `cold` on. What is called
 * sequence number is one on the wire; times are microseconds modulo 2^32.
 */
export const End = {
  /** Doubles: a flood lasts longer than 2^32 packets. */
  packets: 0,
  ip_bytes: 2,
  /** Initial sequence number; of an end whose SYN was not seen, one before the first byte that was. */
  start: 4,
  /** The sequence number after the last one that it sent. */
  last: 5,
  /** The highest one that the other end acknowledged. */
  acked: 6,
  /** How often `last` went through zero; and `acked`, 16 bits above. */
  wraps: 7,
  /** Bytes of Phases. */
  phases: 8,
  /** Bits of EndMark. */
  marks: 9,
  /** All payload before it was captured, or is given up. */
  edge: 10,
  /** Up to here payload was acknowledged. */
  trimmed: 11,
  /** The highest end of payload that was captured. */
  data_end: 12,
  /** Captured parts of payload beyond `edge` (Ranges); 0: none. */
  ranges: 13,
  /** The window that it offers, scaled; and the segment that did. */
  window: 14,
  window_seq: 15,
  window_ack: 16,
  /** The acknowledgement that ends the measurement which goes on, and when that began. */
  timed: 17,
  timed_us: 18,
  /** When it last sent something new. */
  advanced_us: 19,
  /** Smoothed round trip, in eighths of a microsecond; 0 unknown. */
  rtt: 20,
  /** Most bytes in flight. */
  cwnd: 21,
  /** What its last segment looked like, and when it came. */
  print: 22,
  print_us: 23,
  hot: 24,

  cold: 48,
  /** Double. */
  missed: 48,
  /** Instead of it, of UDP and ICMP: payload bytes. */
  payload: 48,
  /** The sequence number after its FIN. */
  fin: 50,
  /** Where its urgent data ends. */
  urgent: 51,
  /** Of the last SYN, FIN and RST, relative to `start`: History tells those that differ. */
  syn_told: 52,
  fin_told: 53,
  rst_told: 54,
  /** How often what History tells at the 1st, 10th, 100th time. */
  bad_checksums: 55,
  repeats: 56,
  empty_windows: 57,
  gaps: 58,
  retransmits: 59,
  out_of_order: 60,
  duplicate_acks: 61,
  zero_windows: 62,
  initial_window: 63,
  /** Bytes of Options. */
  options: 64,
  end: 65,
} as const;

/** Bytes from End.phases on. */
export const Phases = { now: 0, before: 1, state: 2, windowScale: 3 } as const;

/** Bytes from End.options on: a 16-bit number, and bits of TcpOption. */
export const Options = { mss: 0, bits: 2 } as const;

/** What is known of a connection. */
export const Mark = {
  /** Its begin was not captured. */
  partial: 1,
  seenOrig: 2,
  seenResp: 4,
  /** An end wants to close, but payload is missing still. */
  deferred: 8,
  /** All is over but for late segments: the row goes at `due_ns`. */
  closing: 16,
  /** The handshake was told as completed. */
  opened: 32,
  /** An ICMP error said that it can't be delivered. */
  unreachable: 64,
  /** Its first packet was the originator's SYN. */
  asked: 128,
  /** It was decided that nothing opens any more: no attempt is waited for. */
  settled: 256,
} as const;

/** What is known of an end. */
export const EndMark = {
  /** Its close counts. */
  closed: 1,
  /** All of its payload came before its close. */
  eof: 2,
  fin: 4,
  /** A segment is being timed. */
  timing: 8,
  /** Its payload is no longer followed: too much of it is missing. */
  unfollowed: 16,
  /** It offered a window. */
  window: 32,
  /** It sent a reset that its peer must ignore. */
  doubted: 64,
  /** Payload was cut off by the capture. */
  cut: 128,
  /** Its SYN was captured. */
  syn: 256,
  /** It sent a SYN that answers none. */
  active: 512,
  /** Its state is told by what it sent or got. */
  stated: 1024,
} as const;
