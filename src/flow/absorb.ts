import {
  Direction,
  Flag,
  From,
  Head,
  PacketsEnd,
  PacketsPart,
  SocketPart,
} from '../wire/layout.gen.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { End, Mark, Row } from './row.ts';
import type { ConnectionTable } from './table.ts';
import { u64 } from '../wire/words.ts';

/** Fills a new row from the head of a record: addresses, ports, direction; the start is the caller's. */
export function takeHead(
  table: ConnectionTable,
  row: number,
  words: Uint32Array,
  bytes: Uint8Array,
  at: number,
): void {
  const to = row * (Row.stride / 4);
  const from = at >> 2;
  const rows = table.words;
  for (let i = Row.src / 4; i <= Row.isn / 4; i++) rows[to + i] = words[from + i]!;
  const base = row * Row.stride;
  table.bytes[base + Row.family] = bytes[at + Head.family]!;
  rows[to + Row.ifindex / 4] = words[from + (Head.ifindex >> 2)]!;
  let direction = bytes[at + Head.direction]!;
  if (direction === Direction.UNKNOWN && (bytes[at + Head.flags]! & Flag.WHOLE) !== 0) {
    direction =
      (bytes[at + Head.flags]! & Flag.PASSIVE) === 0 ? Direction.OUTBOUND : Direction.INBOUND;
  }
  if (direction !== Direction.FORWARDED && isWithinHost(words, from)) direction = Direction.LOCAL;
  table.bytes[base + Row.direction] = direction;
}

/** Adds what a socket's record says of its end: process, round trip; both ends on this host make it local. */
export function takeSocket(
  table: ConnectionTable,
  row: number,
  words: Uint32Array,
  bytes: Uint8Array,
  at: number,
  passive: boolean,
): void {
  const base = row * Row.stride;
  const halves = table.halves;
  const marks = (base + Row.marks) >> 1;
  const all = halves[marks]! | (passive ? Mark.respSocket : Mark.origSocket);
  halves[marks] = all;
  const rows = table.words;
  const w = at >> 2;
  const rtt = words[w + (SocketPart.rtt_us >> 2)]!;
  const rttAt = (base + Row.rtt_us) >> 2;
  if (rtt !== 0 && (!passive || rows[rttAt] === 0)) rows[rttAt] = rtt;
  if ((all & BOTH) === BOTH) table.bytes[base + Row.direction] = Direction.LOCAL;

  const from = bytes[at + SocketPart.from]!;
  const fromAt = base + (passive ? Row.resp_from : Row.orig_from);
  const known = table.bytes[fromAt]!;
  // Who closes may only have inherited the socket; but it is the worker when it stands where the listener stood: the
  // kernel says so only of a connection that nobody read or wrote.
  const less = from === known || (from === From.CLOSE && known !== From.LISTEN);
  if (from === From.NONE || (known !== From.NONE && less)) return;
  table.bytes[fromAt] = from;
  const end = (base + (passive ? Row.resp : Row.orig)) >> 2;
  rows[end] = words[w + (SocketPart.cgroup >> 2)]!;
  rows[end + 1] = words[w + (SocketPart.cgroup >> 2) + 1]!;
  for (let i = 0; i < 4; i++)
    rows[end + (End.comm >> 2) + i] = words[w + (SocketPart.comm >> 2) + i]!;
  rows[end + (End.pid >> 2)] = words[w + (SocketPart.pid >> 2)]!;
  rows[end + (End.uid >> 2)] = words[w + (SocketPart.uid >> 2)]!;
}

/**
 * Adds the counters of a closing socket. Each end's own count of what it sent is the truth; what the other end
 * received stands in for it until then.
 */
export function takeCounters(
  table: ConnectionTable,
  row: number,
  words: Uint32Array,
  at: number,
  passive: boolean,
): void {
  const base = row * Row.stride;
  const marks = table.halves[(base + Row.marks) >> 1]!;
  if (isUnknown(words, (at + SocketPart.sent_bytes) >> 2)) return;
  const sent = u64(words, (at + SocketPart.sent_bytes) >> 2);
  const received = u64(words, (at + SocketPart.received_bytes) >> 2);
  const orig = (base + Row.orig_bytes) >> 3;
  const resp = (base + Row.resp_bytes) >> 3;
  table.numbers[passive ? resp : orig] = sent;
  if ((marks & Mark.counted) === 0) table.numbers[passive ? orig : resp] = received;
  table.words[(base + Row.retransmits) >> 2]! += words[(at + SocketPart.retransmits) >> 2]!;
  table.halves[(base + Row.marks) >> 1] = marks | Mark.counted;
}

/** Takes what the packets of a connection showed (PacketsPart) into its row: counters, start, how it ended. */
export function takePackets(
  table: ConnectionTable,
  row: number,
  words: Uint32Array,
  bytes: Uint8Array,
  at: number,
): void {
  const base = row * Row.stride;
  const { orig, resp } = PacketsPart;
  table.bytes[base + Row.proto] = bytes[at + PacketsPart.proto]!;
  table.bytes[base + Row.outcome] = bytes[at + PacketsPart.outcome]!;
  table.bytes[base + Row.conn_state] = bytes[at + PacketsPart.conn_state]!;
  table.numbers[(base + Row.start_ns) >> 3] = u64(words, (at + PacketsPart.start_ns) >> 2);
  const origBytes = (at + orig + PacketsEnd.bytes) >> 2;
  if (!isUnknown(words, origBytes)) {
    table.numbers[(base + Row.orig_bytes) >> 3] = u64(words, origBytes);
    table.numbers[(base + Row.resp_bytes) >> 3] = u64(words, (at + resp + PacketsEnd.bytes) >> 2);
    table.halves[(base + Row.marks) >> 1]! |= Mark.counted;
  }
  table.words[(base + Row.rtt_us) >> 2] = words[(at + orig + PacketsEnd.rtt_us) >> 2]!;
  table.words[(base + Row.retransmits) >> 2] =
    words[(at + orig + PacketsEnd.retransmits) >> 2]! +
    words[(at + resp + PacketsEnd.retransmits) >> 2]!;
}

/**
 * Does an ENDED record know packets? One of a log may know only what a socket had, or a history without the packets.
 * Those with a wrong checksum don't count, but leave their letter.
 */
export function hasPackets({ words, bytes }: RecordBatch, at: number): boolean {
  const { orig, resp, history } = PacketsPart;
  return (
    (bytes[at + history]! | LOWER_CASE) === BAD_CHECKSUM ||
    u64(words, (at + orig + PacketsEnd.packets) >> 2) !== 0 ||
    u64(words, (at + resp + PacketsEnd.packets) >> 2) !== 0
  );
}

/** The letter c of a history. */
const BAD_CHECKSUM = 0x63;
const LOWER_CASE = 0x20;

/** All ones. */
function isUnknown(words: Uint32Array, w: number): boolean {
  return words[w] === 0xffff_ffff && words[w + 1] === 0xffff_ffff;
}

const BOTH = Mark.origSocket | Mark.respSocket;

/** Both ends are the same address, or loopback ones. */
function isWithinHost(words: Uint32Array, w: number): boolean {
  const src = w + (Head.src >> 2);
  const dst = w + (Head.dst >> 2);
  if (words[src + 3] === words[dst + 3]) {
    return (
      words[src] === words[dst] &&
      words[src + 1] === words[dst + 1] &&
      words[src + 2] === words[dst + 2]
    );
  }
  // 127/8 on either side, in ::ffff:0:0/96, little-endian words
  const mapped = words[dst + 2] === 0xffff0000 && words[dst] === 0 && words[dst + 1] === 0;
  return mapped && (words[src + 3]! & 0xff) === 127 && (words[dst + 3]! & 0xff) === 127;
}
