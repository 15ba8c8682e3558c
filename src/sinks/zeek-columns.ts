import { Mark, Row } from '../flow/row.ts';
import type { ConnectionTable } from '../flow/table.ts';
import { CONN_STATES } from '../model/events.ts';
import { IpProto } from '../wire/ip-proto.ts';
import { Direction, PacketsEnd, PacketsPart } from '../wire/layout.gen.ts';
import { u64 } from '../wire/words.ts';
import { isPrivate } from './private-address.ts';
import type { WallClock } from './sink.ts';
import { address, ascii, decimal, digits, hex16, put } from './write.ts';
import { zeekText } from './zeek-text.ts';

/** A connection that is over, as the columns read it; one object serves all. */
export interface ZeekRow {
  table: ConnectionTable;
  /** Byte offset of its row. */
  base: number;
  readonly clock: WallClock;
  /** By `write` of bool columns. */
  readonly yes: Uint8Array;
  readonly no: Uint8Array;
  /** Between the members of a set. */
  readonly between: Uint8Array;
}

/** A field of conn.log. */
export interface ZeekColumn {
  readonly name: string;
  /** As in the log's `#types`. */
  readonly type: string;
  /** Writes its value; nothing at all where it has none. */
  readonly write: (out: Uint8Array, pos: number, row: ZeekRow) => number;
}

/**
 * The fields of Zeek's conn.log, in its order (record Conn::Info in scripts/base/protocols/conn/main.zeek of Zeek 9.0).
 * Those that need all packets of a connection have no value where these were not seen.
 */
export const ZEEK_COLUMNS: readonly ZeekColumn[] = [
  { name: 'ts', type: 'time', write: start },
  { name: 'uid', type: 'string', write: uid },
  {
    name: 'id.orig_h',
    type: 'addr',
    write: (out, p, { table, base }) => address(out, p, table.bytes, base + Row.src),
  },
  { name: 'id.orig_p', type: 'port', write: half(Row.src_port) },
  {
    name: 'id.resp_h',
    type: 'addr',
    write: (out, p, { table, base }) => address(out, p, table.bytes, base + Row.dst),
  },
  { name: 'id.resp_p', type: 'port', write: half(Row.dst_port) },
  {
    name: 'proto',
    type: 'enum',
    write: (out, p, row) => put(out, p, PROTOCOLS.get(protocol(row)) ?? UNKNOWN),
  },
  { name: 'service', type: 'string', write: service },
  { name: 'duration', type: 'interval', write: duration },
  { name: 'orig_bytes', type: 'count', write: bytesOf(Row.orig_bytes) },
  { name: 'resp_bytes', type: 'count', write: bytesOf(Row.resp_bytes) },
  {
    name: 'conn_state',
    type: 'string',
    write: (out, p, { table, base }) => put(out, p, STATES[table.bytes[base + Row.conn_state]!]!),
  },
  { name: 'local_orig', type: 'bool', write: local(Row.src, Direction.OUTBOUND) },
  { name: 'local_resp', type: 'bool', write: local(Row.dst, Direction.INBOUND) },
  { name: 'missed_bytes', type: 'count', write: missed },
  { name: 'history', type: 'string', write: history },
  { name: 'orig_pkts', type: 'count', write: counter(PacketsPart.orig + PacketsEnd.packets) },
  { name: 'orig_ip_bytes', type: 'count', write: counter(PacketsPart.orig + PacketsEnd.ip_bytes) },
  { name: 'resp_pkts', type: 'count', write: counter(PacketsPart.resp + PacketsEnd.packets) },
  { name: 'resp_ip_bytes', type: 'count', write: counter(PacketsPart.resp + PacketsEnd.ip_bytes) },
  { name: 'tunnel_parents', type: 'set[string]', write: tunnelParents },
  { name: 'ip_proto', type: 'count', write: (out, p, row) => decimal(out, p, protocol(row)) },
];

function start(out: Uint8Array, pos: number, { table, base, clock }: ZeekRow): number {
  const known = table.numbers[(base + Row.start_ns) >> 3]!;
  const ns = known === 0 ? table.numbers[(base + Row.event_ns) >> 3]! : known;
  return seconds(out, pos, Math.floor(ns / 1000 + clock.offsetUs));
}

/** `C` and the id, as long as Zeek's own; the 16 digits are those of `id` in JSON. */
function uid(out: Uint8Array, pos: number, { table, base }: ZeekRow): number {
  const id = (base + Row.id) >> 2;
  out[pos] = CONNECTION;
  return hex16(out, pos + 1, table.words[id]!, table.words[id + 1]!);
}

function half(offset: number): ZeekColumn['write'] {
  return (out, pos, { table, base }) => decimal(out, pos, table.halves[(base + offset) >> 1]!);
}

function protocol({ table, base }: ZeekRow): number {
  const proto = table.bytes[base + Row.proto]!;
  return proto === 0 ? IpProto.tcp : proto;
}

function service(out: Uint8Array, pos: number, { table }: ZeekRow): number {
  const name = table.metadata?.service;
  if (name === undefined) return pos;
  const text = ascii(name);
  return zeekText(out, pos, text, 0, text.length);
}

/** The uids of what carried its packets. */
function tunnelParents(out: Uint8Array, pos: number, { table, between }: ZeekRow): number {
  let p = pos;
  for (const id of table.metadata?.tunnelParents ?? []) {
    if (p > pos) p = put(out, p, between);
    p = put(out, p, ascii(`C${id}`));
  }
  return p;
}

function durationUs({ table, base }: ZeekRow): number {
  const startNs = table.numbers[(base + Row.start_ns) >> 3]!;
  const eventNs = table.numbers[(base + Row.event_ns) >> 3]!;
  return startNs === 0 ? 0 : Math.floor(eventNs / 1000) - Math.floor(startNs / 1000);
}

/** Of a single packet none is told, nor its bytes. */
function duration(out: Uint8Array, pos: number, row: ZeekRow): number {
  const us = durationUs(row);
  return us > 0 ? seconds(out, pos, us) : pos;
}

function bytesOf(offset: number): ZeekColumn['write'] {
  return (out, pos, row) => {
    const { halves, numbers } = row.table;
    const counted = (halves[(row.base + Row.marks) >> 1]! & Mark.counted) !== 0;
    if (!counted || durationUs(row) <= 0) return pos;
    return decimal(out, pos, numbers[(row.base + offset) >> 3]!);
  };
}

/** Private addresses are local, and those of this host where it is known which they are. */
function local(offset: number, own: number): ZeekColumn['write'] {
  return (out, pos, { table, base, yes, no }) => {
    const direction = table.bytes[base + Row.direction]!;
    const isOwn = direction === own || direction === Direction.LOCAL;
    return put(out, pos, isOwn || isPrivate(table.bytes, base + offset) ? yes : no);
  };
}

/** 0 unless packets tell of some. */
function missed(out: Uint8Array, pos: number, { table: { ended } }: ZeekRow): number {
  if (ended === undefined) return decimal(out, pos, 0);
  const orig = (ended.at + PacketsPart.orig + PacketsEnd.missed_bytes) >> 2;
  const resp = (ended.at + PacketsPart.resp + PacketsEnd.missed_bytes) >> 2;
  return decimal(out, pos, u64(ended.words, orig) + u64(ended.words, resp));
}

function history(out: Uint8Array, pos: number, { table: { ended } }: ZeekRow): number {
  if (ended === undefined) return pos;
  const at = ended.at + PacketsPart.history;
  const end = ended.bytes.indexOf(0, at);
  const length = Math.min(end < 0 ? HISTORY_MAX : end - at, HISTORY_MAX);
  return length === 0 ? pos : zeekText(out, pos, ended.bytes, at, length);
}

/** Of the ENDED record, 64 bits. */
function counter(offset: number): ZeekColumn['write'] {
  return (out, pos, { table: { ended } }) =>
    ended === undefined ? pos : decimal(out, pos, u64(ended.words, (ended.at + offset) >> 2));
}

/** Microseconds as seconds with six decimals. */
function seconds(out: Uint8Array, pos: number, us: number): number {
  const whole = Math.floor(us / 1e6);
  const p = decimal(out, pos, whole);
  out[p] = DOT;
  return digits(out, p + 1, us - whole * 1e6, 6);
}

const CONNECTION = 0x43; // C
const DOT = 0x2e;
const HISTORY_MAX = PacketsPart.metadata - PacketsPart.history;
const UNKNOWN = ascii('unknown_transport');
const PROTOCOLS: ReadonlyMap<number, Uint8Array> = new Map([
  [IpProto.tcp, ascii('tcp')],
  [IpProto.udp, ascii('udp')],
  [IpProto.icmp, ascii('icmp')],
  [IpProto.icmp6, ascii('icmp')],
]);
const STATES = CONN_STATES.map(ascii);
