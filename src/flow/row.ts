/**
 * Byte offsets in a row of the ConnectionTable. The first 64 bytes lie as in struct pw_head, so that what reads an
 * address from a record reads it from a row too. Times are doubles, nanoseconds of CLOCK_MONOTONIC.
 */
export const Row = {
  /** First SYN; 0: unknown. */
  start_ns: 0,
  id: 8,
  src: 16,
  dst: 32,
  src_port: 48,
  dst_port: 50,
  isn: 52,
  /** The list that the row is in (List). */
  list: 56,
  family: 57,
  direction: 58,
  /** IP protocol number; 0: TCP. */
  proto: 59,
  /** Of the first sighting on an interface; 0: only the socket was seen. */
  ifindex: 60,
  /** When the event that is being told happened. */
  event_ns: 64,
  orig_bytes: 72,
  resp_bytes: 80,
  /** The originator's end, laid out as End. */
  orig: 88,
  /** The responder's end, laid out as End. */
  resp: 120,
  rtt_us: 152,
  retransmits: 156,
  next: 160,
  prev: 164,
  /** Bits of Mark. */
  marks: 168,
  /** errno of the socket. */
  error: 170,
  orig_from: 172,
  resp_from: 173,
  conn_state: 174,
  outcome: 175,
  deadline_ns: 176,
  /** The ConnectionEvent that the first end's close decided on; the other end is still open. */
  verdict: 184,
  stride: 192,
} as const;

/** Byte offsets in one end of a row. */
export const End = { cgroup: 0, comm: 8, pid: 24, uid: 28 } as const;

/** What is known of a row. */
export const Mark = {
  /** An ATTEMPT record was seen (else the attempt was inferred). */
  sighted: 1,
  /** `connection.open` was told, or the connection was open before the start. */
  opened: 2,
  /** The originator's socket is on this host. */
  origSocket: 4,
  /** The responder's socket is on this host. */
  respSocket: 8,
  origClosed: 16,
  respClosed: 32,
  /** An RST or ICMP unreachable answered it. */
  refused: 64,
  /** A CLOSE record gave the byte counts. */
  counted: 128,
  /** The row's ends were swapped against its BEFORE records. */
  swapped: 256,
  /** The first sighting was at egress, with the socket. */
  firstAtSocket: 512,
} as const;

/** The lists that rows wait in; each row is in exactly one. */
export const List = {
  /** Attempts of others: answer due within 3 s. */
  answer: 0,
  /** Answered with SYN+ACK: the handshake's end due within 60 s. */
  handshake: 1,
  /** Forwarded and answered with SYN+ACK: what a socket of another namespace says of it due within 1 s. */
  forwarded: 2,
  /** Own attempts that an RST answered: the socket's CLOSE due within 100 ms. */
  refusal: 3,
  /** Own attempts: the socket's CLOSE or OPEN will come. */
  connecting: 4,
  /** Open connections: the socket's CLOSE will come. */
  open: 5,
  count: 6,
} as const;
