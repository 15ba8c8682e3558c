import { ConnState, EventCode, type FlowEnd, Outcome } from '../model/events.ts';
import type { Metadata, Service } from '../model/metadata.ts';
import type { Inspector } from '../payload/inspector.ts';
import type { PassiveNames } from '../payload/passive-names.ts';
import { stampId } from '../wire/id.ts';
import { IpProto, isIcmp } from '../wire/ip-proto.ts';
import { Form, Head, Kind, PacketsEnd, PacketsPart, Tunnel } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { connStateOf } from './conn-state.ts';
import { Letter } from './history.ts';
import { isRequest } from './icmp-pairs.ts';
import { parentsOf } from './parents.ts';
import { EndMark, End, Kind as RowKind, Mark, Options, Path, Row, Text } from './row.ts';
import { bytesSent } from './sent.ts';
import { stateOf } from './states.ts';
import type { TrackTable } from './table.ts';
import { scaleOf } from './window.ts';

/** A reason of FlowEnd. */
export type Why = (typeof FlowEnd)[keyof typeof FlowEnd];

export interface RecordsOptions {
  readonly writer: RecordWriter;
  /** Looks at the first bytes of each connection; its slots are the tracker's rows. */
  readonly inspector?: Inspector | undefined;
  /** Names of addresses, as the inspector finds them. */
  readonly names?: PassiveNames | undefined;
}

/** Writes what is known of connections as records. */
export class Records {
  readonly #table: TrackTable;
  readonly #writer: RecordWriter;
  readonly #inspector: Inspector | undefined;
  readonly #names: PassiveNames | undefined;

  constructor(table: TrackTable, options: RecordsOptions) {
    this.#table = table;
    this.#writer = options.writer;
    this.#inspector = options.inspector;
    this.#names = options.names;
  }

  /** The handshake is done. */
  opened(row: number, tsNs: number): void {
    this.#head(row, Kind.OPEN, Head.size, tsNs);
  }

  /** All of a connection, at its end. */
  ended(row: number, why: Why): void {
    const table = this.#table;
    const base = row * Row.size;
    const at = this.#head(row, Kind.ENDED, PacketsPart.size, table.numbers[base >> 1]!);
    const { bytes } = this.#writer;
    const isTcp = table.proto(row) === IpProto.tcp;
    this.#writer.setU64(at + PacketsPart.start_ns, table.numbers[(base + Row.start_ns) >> 1]!);
    const orig = base + Row.orig;
    const resp = base + Row.resp;
    this.#counters(at + PacketsPart.orig, orig);
    this.#counters(at + PacketsPart.resp, resp);
    if (isTcp) {
      this.#ofTcp(at + PacketsPart.orig, orig, resp);
      this.#ofTcp(at + PacketsPart.resp, resp, orig);
    }
    const letters = ((base + Row.text) << 2) + Text.letters;
    for (let i = 0; i < Text.most; i++)
      bytes[at + PacketsPart.history + i] = table.bytes[letters + i]!;
    const path = (base + Row.path) << 2;
    bytes[at + PacketsPart.vlan] = table.bytes[path + Path.vlan]!;
    bytes[at + PacketsPart.vlan + 1] = table.bytes[path + Path.vlan + 1]!;
    bytes[at + PacketsPart.tunnels] = table.bytes[path + Path.tunnels]!;
    bytes[at + PacketsPart.tunnel] = table.bytes[path + Path.tunnel]!;
    bytes[at + PacketsPart.proto] = table.proto(row);
    const state = isTcp ? connStateOf(table, base) : otherState(table, row);
    const event = eventOf(table, row, state);
    bytes[at + PacketsPart.event] = event;
    bytes[at + PacketsPart.outcome] = OUTCOMES[event]!;
    bytes[at + PacketsPart.conn_state] = state;
    bytes[at + PacketsPart.end_reason] = why;
    bytes[at + PacketsPart.forms] = formsOf(table, row);
    const metadata = this.#metadata(row, base);
    if (metadata)
      this.#writer.words[(at + PacketsPart.metadata) >> 2] = this.#writer.attach(metadata);
  }

  /** What the first bytes said, and the names of both ends. */
  #metadata(row: number, base: number): Metadata | undefined {
    const found = this.#inspector?.take(row);
    const { bytes, words } = this.#table;
    const service = SERVICES[words[base + Row.carries]!];
    const parents = parentsOf(this.#table, row);
    const origName = this.#names?.name(bytes, (base + Row.src) << 2);
    const respName = this.#names?.name(bytes, (base + Row.dst) << 2);
    if (!service && parents.length === 0 && origName === undefined && respName === undefined)
      return found;
    const metadata: Metadata = { ...found };
    if (service) metadata.service = service;
    if (parents.length > 0) metadata.tunnelParents = parents;
    if (origName !== undefined) metadata.origName = origName;
    if (respName !== undefined) metadata.respName = respName;
    return metadata;
  }

  #counters(at: number, end: number): void {
    const { numbers } = this.#table;
    const writer = this.#writer;
    writer.setU64(at + PacketsEnd.bytes, numbers[(end + End.payload) >> 1]!);
    writer.setU64(at + PacketsEnd.ip_bytes, numbers[(end + End.ip_bytes) >> 1]!);
    writer.setU64(at + PacketsEnd.packets, numbers[(end + End.packets) >> 1]!);
  }

  #ofTcp(at: number, end: number, other: number): void {
    const table = this.#table;
    const { words, numbers } = table;
    const writer = this.#writer;
    const w = at >> 2;
    writer.setU64(at + PacketsEnd.bytes, bytesSent(table, end, other));
    writer.setU64(at + PacketsEnd.missed_bytes, numbers[(end + End.missed) >> 1]!);
    const to = writer.words;
    to[w + PacketsEnd.retransmits / 4] = words[end + End.retransmits]!;
    to[w + PacketsEnd.out_of_order / 4] = words[end + End.out_of_order]!;
    to[w + PacketsEnd.duplicate_acks / 4] = words[end + End.duplicate_acks]!;
    to[w + PacketsEnd.zero_windows / 4] = words[end + End.zero_windows]!;
    to[w + PacketsEnd.rtt_us / 4] = Math.round(words[end + End.rtt]! / 8);
    to[w + PacketsEnd.initial_window / 4] = words[end + End.initial_window]!;
    to[w + PacketsEnd.cwnd / 4] = words[end + End.cwnd]!;
    to[w + PacketsEnd.iss / 4] = words[end + End.start]!;
    to[w + PacketsEnd.snd_una / 4] = words[end + End.acked]!;
    to[w + PacketsEnd.snd_nxt / 4] = words[end + End.last]!;
    to[w + PacketsEnd.snd_up / 4] = words[end + End.urgent]!;
    // what the other end offers and acknowledges is what this one may send, and the other way round
    to[w + PacketsEnd.snd_wnd / 4] = words[other + End.window]!;
    to[w + PacketsEnd.snd_wl1 / 4] = words[other + End.window_seq]!;
    to[w + PacketsEnd.snd_wl2 / 4] = words[other + End.window_ack]!;
    to[w + PacketsEnd.irs / 4] = words[other + End.start]!;
    to[w + PacketsEnd.rcv_nxt / 4] = words[other + End.acked]!;
    to[w + PacketsEnd.rcv_wnd / 4] = words[end + End.window]!;
    to[w + PacketsEnd.rcv_up / 4] = words[other + End.urgent]!;
    const options = (end + End.options) << 2;
    writer.bytes[at + PacketsEnd.mss] = table.bytes[options + Options.mss]!;
    writer.bytes[at + PacketsEnd.mss + 1] = table.bytes[options + Options.mss + 1]!;
    writer.bytes[at + PacketsEnd.options] = table.bytes[options + Options.bits]!;
    writer.bytes[at + PacketsEnd.window_scale] = scaleOf(table, end);
    writer.bytes[at + PacketsEnd.state] = stateOf(table, end);
  }

  #head(row: number, kind: number, size: number, tsNs: number): number {
    const writer = this.#writer;
    const at = writer.append(kind, size);
    writer.setU64(at, tsNs);
    this.identify(row, writer.words, writer.bytes, at);
    return at;
  }

  /** Writes both ends and the id into the record at `at`. */
  identify(row: number, words: Uint32Array, bytes: Uint8Array, at: number): void {
    const table = this.#table;
    const base = row * Row.size;
    const w = at >> 2;
    for (let i = 0; i <= Row.ports - Row.src; i++)
      words[w + (Head.src >> 2) + i] = table.words[base + Row.src + i]!;
    bytes[at + Head.family] = table.bytes[((base + Row.kind) << 2) + RowKind.family]!;
    words[w + (Head.isn >> 2)] = this.#isn(row, base);
    stampId(words, bytes, at);
  }

  /** Where nothing shows the initial sequence number, the time of the begin stands in for it. */
  #isn(row: number, base: number): number {
    const orig = base + Row.orig;
    const marks = this.#table.words[orig + End.marks]!;
    const isShown =
      (marks & EndMark.syn) !== 0 ||
      ((this.#table.words[base + Row.resp + End.marks]! & EndMark.syn) !== 0 &&
        (this.#table.marks(row) & Mark.partial) === 0);
    if (this.#table.proto(row) === IpProto.tcp && isShown)
      return this.#table.words[orig + End.start]!;
    return Math.floor(this.#table.numbers[(base + Row.start_ns) >> 1]! / 1000) % 0x1_0000_0000;
  }
}

/** By what a conversation carries, as Zeek calls it. */
const SERVICES: Readonly<Record<number, Service>> = {
  [Tunnel.VXLAN]: 'vxlan',
  [Tunnel.GENEVE]: 'geneve',
  [Tunnel.TEREDO]: 'teredo',
  [Tunnel.GTP]: 'gtpv1',
  [Tunnel.AYIYA]: 'ayiya',
};

/** Of UDP and ICMP. */
function otherState(table: TrackTable, row: number): ConnState {
  if (table.proto(row) !== IpProto.udp) return ConnState.OTH;
  const marks = table.marks(row);
  if ((marks & Mark.seenOrig) === 0)
    return (marks & Mark.seenResp) === 0 ? ConnState.OTH : ConnState.SHR;
  return (marks & Mark.seenResp) === 0 ? ConnState.S0 : ConnState.SF;
}

/** How it ended, as an event. */
function eventOf(table: TrackTable, row: number, state: ConnState): number {
  const marks = table.marks(row);
  if ((marks & (Mark.unreachable | Mark.seenResp)) === Mark.unreachable) return EventCode.refused;
  const proto = table.proto(row);
  if (proto !== IpProto.tcp) {
    const type = table.words[row * Row.size + Row.ports]! & 0xff;
    const isUnanswered = (marks & Mark.seenResp) === 0 && isIcmp(proto) && isRequest(proto, type);
    return isUnanswered ? EventCode.timeout : EventCode.close;
  }
  switch (state) {
    case ConnState.S0:
    case ConnState.SH:
      return EventCode.timeout;
    case ConnState.S1:
      // its handshake never ended
      return (marks & (Mark.asked | Mark.opened)) === Mark.asked
        ? EventCode.timeout
        : EventCode.close;
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

function formsOf(table: TrackTable, row: number): number {
  const base = row * Row.size;
  const text = (base + Row.text) << 2;
  let forms = table.bytes[text + Text.forms]!;
  for (let i = 0; i < table.bytes[text + Text.length]!; i++)
    if (table.bytes[text + Text.letters + i] === Letter.flipped) forms |= Form.FLIPPED;
  const isTcp = table.proto(row) === IpProto.tcp;
  if (isTcp && (table.words[base + Row.orig + End.marks]! & EndMark.syn) === 0)
    forms |= Form.MIDSTREAM;
  return forms;
}

/** By event. */
const OUTCOMES: Readonly<Record<number, number>> = {
  [EventCode.refused]: Outcome.refused,
  [EventCode.timeout]: Outcome.timeout,
  [EventCode.reset]: Outcome.reset,
  [EventCode.close]: Outcome.ok,
};
