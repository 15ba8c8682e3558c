import { ConnState, EventCode, type FlowEnd, Outcome } from '../model/events.ts';
import { stampId } from '../wire/id.ts';
import { Head, Kind, PacketsEnd, PacketsPart } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { connStateOf } from './conn-state.ts';
import { Phase, phaseOf } from './phase.ts';
import { End, Kind as RowKind, Mark, Path, Row, Text } from './row.ts';
import { bytesSent } from './sent.ts';
import type { TrackTable } from './table.ts';

const TCP = 6;

/** Writes what is known of connections as records. */
export class Records {
  readonly #table: TrackTable;
  readonly #writer: RecordWriter;

  constructor(table: TrackTable, writer: RecordWriter) {
    this.#table = table;
    this.#writer = writer;
  }

  /** The handshake is done. */
  opened(row: number, tsNs: number): void {
    this.#head(row, Kind.OPEN, Head.size, tsNs);
  }

  /** All of a connection, at its end. @param why one of FlowEnd */
  ended(row: number, why: (typeof FlowEnd)[keyof typeof FlowEnd]): void {
    const table = this.#table;
    const base = row * Row.size;
    const at = this.#head(row, Kind.ENDED, PacketsPart.size, table.numbers[base >> 1]!);
    const { bytes } = this.#writer;
    const isTcp = table.proto(row) === TCP;
    const state = isTcp ? connStateOf(table, base) : ConnState.OTH;
    this.#writer.setU64(at + PacketsPart.start_ns, table.numbers[(base + Row.start_ns) >> 1]!);
    this.#end(at + PacketsPart.orig, base + Row.orig, base + Row.resp);
    this.#end(at + PacketsPart.resp, base + Row.resp, base + Row.orig);
    const letters = ((base + Row.text) << 2) + Text.letters;
    for (let i = 0; i < Text.most; i++)
      bytes[at + PacketsPart.history + i] = table.bytes[letters + i]!;
    const path = (base + Row.path) << 2;
    bytes[at + PacketsPart.vlan] = table.bytes[path + Path.vlan]!;
    bytes[at + PacketsPart.vlan + 1] = table.bytes[path + Path.vlan + 1]!;
    bytes[at + PacketsPart.tunnels] = table.bytes[path + Path.tunnels]!;
    bytes[at + PacketsPart.tunnel] = table.bytes[path + Path.tunnel]!;
    bytes[at + PacketsPart.proto] = table.proto(row);
    const event = this.#eventOf(row, state);
    bytes[at + PacketsPart.event] = event;
    bytes[at + PacketsPart.outcome] = OUTCOME_OF[event]!;
    bytes[at + PacketsPart.conn_state] = state;
    bytes[at + PacketsPart.end_reason] = why;
    bytes[at + PacketsPart.forms] = table.bytes[((base + Row.text) << 2) + Text.forms]!;
  }

  #eventOf(row: number, state: ConnState): number {
    const marks = this.#table.marks(row);
    switch (state) {
      case ConnState.S0:
      case ConnState.SH:
        return (marks & Mark.unreachable) === 0 ? EventCode.timeout : EventCode.refused;
      case ConnState.REJ:
        return EventCode.refused;
      case ConnState.RSTO:
      case ConnState.RSTR:
      case ConnState.RSTOS0:
      case ConnState.RSTRH:
        return EventCode.reset;
      default:
        return EventCode.close;
    }
  }

  #end(at: number, end: number, other: number): void {
    const { words, numbers } = this.#table;
    const writer = this.#writer;
    writer.setU64(at + PacketsEnd.bytes, bytesSent(this.#table, end, other));
    writer.setU64(at + PacketsEnd.missed_bytes, numbers[(end + End.missed) >> 1]!);
    writer.setU64(at + PacketsEnd.ip_bytes, numbers[(end + End.ip_bytes) >> 1]!);
    writer.setU64(at + PacketsEnd.packets, numbers[(end + End.packets) >> 1]!);
    writer.words[(at + PacketsEnd.iss) >> 2] = words[end + End.start]!;
  }

  #head(row: number, kind: number, size: number, tsNs: number): number {
    const { words, bytes } = this.#table;
    const base = row * Row.size;
    const writer = this.#writer;
    const at = writer.append(kind, size);
    writer.setU64(at, tsNs);
    const w = at >> 2;
    for (let i = 0; i <= Row.ports - Row.src; i++)
      writer.words[w + (Head.src >> 2) + i] = words[base + Row.src + i]!;
    writer.bytes[at + Head.family] = bytes[((base + Row.kind) << 2) + RowKind.family]!;
    writer.words[w + (Head.isn >> 2)] = this.#isn(row, base);
    stampId(writer.words, writer.bytes, at);
    return at;
  }

  /** Of a connection whose initial sequence number nobody saw, its begin stands in for it. */
  #isn(row: number, base: number): number {
    const orig = base + Row.orig;
    const isKnown =
      this.#table.proto(row) === TCP &&
      (this.#table.marks(row) & Mark.partial) === 0 &&
      phaseOf(this.#table, orig) !== Phase.inactive;
    if (isKnown) return this.#table.words[orig + End.start]!;
    return Math.floor(this.#table.numbers[(base + Row.start_ns) >> 1]! / 1000) % 0x1_0000_0000;
  }
}

/** By event. */
const OUTCOME_OF: Readonly<Record<number, number>> = {
  [EventCode.refused]: Outcome.refused,
  [EventCode.timeout]: Outcome.timeout,
  [EventCode.reset]: Outcome.reset,
  [EventCode.close]: Outcome.ok,
};
