/** ENDED and OPEN records as objects. */
import { CONN_STATES, EVENT_NAMES, OUTCOMES } from '../../src/model/events.ts';
import type { Metadata } from '../../src/model/metadata.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { Head, Kind, PacketsEnd, PacketsPart } from '../../src/wire/layout.gen.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { u64 } from '../../src/wire/words.ts';

/** One end, of an ENDED record. */
export type EndSeen = Record<Exclude<keyof typeof PacketsEnd, 'size'>, number>;

/** What a record told. */
export interface Told {
  kind: 'open' | 'ended';
  /** Seconds after `startNs`. */
  at: number;
  id: string;
  conn: string;
  start: number;
  duration: number;
  event: string;
  outcome: string;
  state: string;
  history: string;
  reason: number;
  forms: number;
  /** Payload bytes of both ends. */
  bytes: [number, number];
  missed: [number, number];
  packets: [number, number];
  orig: EndSeen;
  resp: EndSeen;
  metadata: Metadata | undefined;
}

/** Takes all records of a writer. */
export function takeTold(writer: RecordWriter, startNs: number): Told[] {
  const told = [...writer.at.subarray(0, writer.count)].map((at) => toldAt(writer, at, startNs));
  writer.clear();
  return told;
}

/** @param at byte offset of the record @param startNs what times are told from */
function toldAt(writer: RecordWriter, at: number, startNs: number): Told {
  const { words, bytes, halves } = writer;
  const seconds = (offset: number): number =>
    Math.round((u64(words, (at + offset) >> 2) - startNs) / 1e3) / 1e6;
  const name = (port: number, address: number): string =>
    `${formatAddress(bytes, at + address)}:${halves[(at + port) >> 1]}`;
  const head = {
    kind: bytes[at + Head.kind] === Kind.ENDED ? ('ended' as const) : ('open' as const),
    at: seconds(0),
    id: `${words[(at + Head.id) >> 2]} ${words[(at + Head.id + 4) >> 2]}`,
    conn: `${name(Head.src_port, Head.src)} > ${name(Head.dst_port, Head.dst)}`,
  };
  const rest = head.kind === 'ended' ? at : endedAt(EMPTY);
  const from = head.kind === 'ended' ? writer : EMPTY;
  return { ...head, ...partAt(from, rest, startNs) };
}

/** Stands in for what an OPEN record hasn't. */
const EMPTY = new RecordWriter();

function endedAt(writer: RecordWriter): number {
  writer.clear();
  return writer.append(Kind.ENDED, PacketsPart.size);
}

function partAt(
  { words, bytes, halves, attached }: RecordWriter,
  at: number,
  zeroNs: number,
): Omit<Told, 'kind' | 'at' | 'id' | 'conn'> {
  const ns = (offset: number): number => u64(words, (at + offset) >> 2);
  const startNs = ns(PacketsPart.start_ns);
  const letters = bytes.subarray(at + PacketsPart.history, at + PacketsPart.history + 40);
  const end = (offset: number): EndSeen => endAt(words, bytes, halves, at + offset);
  const [orig, resp] = [end(PacketsPart.orig), end(PacketsPart.resp)];
  return {
    start: Math.round((startNs - zeroNs) / 1e3) / 1e6,
    duration: Math.round((ns(0) - startNs) / 1e3) / 1e6,
    event: EVENT_NAMES[bytes[at + PacketsPart.event]!]!.replace('connection.', ''),
    outcome: OUTCOMES[bytes[at + PacketsPart.outcome]!]!,
    state: CONN_STATES[bytes[at + PacketsPart.conn_state]!]!,
    history: Buffer.from(letters.subarray(0, letters.indexOf(0))).toString('latin1'),
    reason: bytes[at + PacketsPart.end_reason]!,
    forms: bytes[at + PacketsPart.forms]!,
    bytes: [orig.bytes, resp.bytes],
    missed: [orig.missed_bytes, resp.missed_bytes],
    packets: [orig.packets, resp.packets],
    orig,
    resp,
    metadata: attached[words[(at + PacketsPart.metadata) >> 2]! - 1],
  };
}

const LONG: ReadonlySet<string> = new Set(['bytes', 'missed_bytes', 'ip_bytes', 'packets']);
const SHORT: ReadonlySet<string> = new Set(['window_scale', 'state', 'options']);

function endAt(words: Uint32Array, bytes: Uint8Array, halves: Uint16Array, at: number): EndSeen {
  const fields = Object.entries(PacketsEnd).filter(([name]) => name !== 'size');
  const value = (name: string, offset: number): number => {
    if (LONG.has(name)) return u64(words, (at + offset) >> 2);
    if (name === 'mss') return halves[(at + offset) >> 1]!;
    return SHORT.has(name) ? bytes[at + offset]! : words[(at + offset) >> 2]!;
  };
  return Object.fromEntries(fields.map(([name, offset]) => [name, value(name, offset)])) as EndSeen;
}
