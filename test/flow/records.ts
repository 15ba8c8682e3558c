/** Records by hand and what the flow tells of them, for the tests of src/flow and src/sinks. */
import { Flow, FLOW_DEFAULTS, type FlowOptions } from '../../src/flow/flow.ts';
import type { FlowListener, Scan } from '../../src/flow/listener.ts';
import { End, Row } from '../../src/flow/row.ts';
import type { ConnectionTable } from '../../src/flow/table.ts';
import {
  CONN_STATES,
  ConnState,
  EVENT_NAMES,
  EventCode,
  FlowEnd,
  Outcome,
  OUTCOMES,
} from '../../src/model/events.ts';
import type { Metadata } from '../../src/model/metadata.ts';
import { formatAddress, parseAddress } from '../../src/wire/address.ts';
import { stampId } from '../../src/wire/id.ts';
import {
  Direction,
  Flag,
  Head,
  Kind,
  PacketsEnd,
  PacketsPart,
  ScanKind,
  SocketPart,
  Tunnel,
  VerdictPart,
} from '../../src/wire/layout.gen.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';

export interface Spec {
  kind: keyof typeof Kind;
  /** Seconds of CLOCK_MONOTONIC. */
  at?: number;
  src?: string;
  srcPort?: number;
  dst?: string;
  dstPort?: number;
  isn?: number;
  direction?: keyof typeof Direction;
  ifindex?: number;
  flags?: number;
  count?: number;
  refused?: number;
  socket?: SocketSpec;
  verdict?: VerdictSpec;
  packets?: PacketsSpec;
}

/** What packets showed of a connection that is over. */
export interface PacketsSpec {
  start?: number;
  event?: keyof typeof EventCode;
  outcome?: keyof typeof Outcome;
  state?: keyof typeof ConnState;
  proto?: number;
  history?: string;
  /** Payload bytes of the originator and of the responder. */
  bytes?: readonly [number, number];
  end?: keyof typeof FlowEnd;
  /** By the name of a field of struct pw_packets_end: of the originator and of the responder. */
  ends?: Partial<Record<keyof typeof PacketsEnd, readonly [number, number]>>;
  vlan?: number;
  tunnel?: keyof typeof Tunnel;
  tunnels?: number;
  forms?: number;
  metadata?: Metadata;
}

/** Fields of 64 bits; the others that tests set have 32. */
const LONG = new Set<string>(['bytes', 'missed_bytes', 'ip_bytes', 'packets']);

export interface SocketSpec {
  start?: number;
  cgroup?: number;
  comm?: string | Uint8Array;
  pid?: number;
  uid?: number;
  sent?: number;
  received?: number;
  rttUs?: number;
  retransmits?: number;
  error?: number;
  state?: number;
  from?: number;
}

export interface VerdictSpec {
  until?: number;
  ports?: number[];
  syns?: number;
  first?: number;
  scan?: keyof typeof ScanKind;
  hosts?: number;
}

export function write(writer: RecordWriter, spec: Spec): void {
  const size = sizeOf(spec);
  const at = writer.append(Kind[spec.kind], size);
  writer.setU64(at, Math.round((spec.at ?? 100) * 1e9));
  writer.bytes.set(addressOf(spec.src ?? '192.0.2.56'), at + Head.src);
  writer.bytes.set(addressOf(spec.dst ?? '10.0.0.5'), at + Head.dst);
  writer.halves[(at + Head.src_port) >> 1] = spec.srcPort ?? 5973;
  writer.halves[(at + Head.dst_port) >> 1] = spec.dstPort ?? (spec.kind.endsWith('BLOCK') ? 0 : 80);
  writer.words[(at + Head.isn) >> 2] = spec.isn ?? 7;
  writer.words[(at + Head.ifindex) >> 2] = spec.ifindex ?? (spec.socket ? 0 : 2);
  writer.words[(at + Head.count) >> 2] = spec.count ?? 1;
  writer.words[(at + Head.refused) >> 2] = spec.refused ?? 0;
  writer.bytes[at + Head.family] = (spec.src ?? '').includes(':') ? 6 : 4;
  writer.bytes[at + Head.flags] = (spec.flags ?? 0) | (spec.socket ? Flag.WHOLE : 0);
  writer.bytes[at + Head.direction] = Direction[spec.direction ?? usual(spec)];
  stampId(writer.words, writer.bytes, at);
  if (spec.socket) writeSocket(writer, at, spec.socket);
  if (spec.verdict) writeVerdict(writer, at, spec.verdict);
  if (spec.packets) writePackets(writer, at, spec.packets);
}

function sizeOf({ verdict, socket, packets }: Spec): number {
  if (packets) return PacketsPart.size;
  if (verdict) return VerdictPart.size;
  return socket ? SocketPart.size : Head.size;
}

function writePackets(writer: RecordWriter, at: number, packets: PacketsSpec): void {
  const { bytes } = writer;
  const [orig, resp] = packets.bytes ?? [0, 0];
  writer.setU64(at + PacketsPart.start_ns, Math.round((packets.start ?? 100) * 1e9));
  writer.setU64(at + PacketsPart.orig + PacketsEnd.bytes, orig);
  writer.setU64(at + PacketsPart.resp + PacketsEnd.bytes, resp);
  bytes.set(Buffer.from(packets.history ?? ''), at + PacketsPart.history);
  bytes[at + PacketsPart.proto] = packets.proto ?? 6;
  bytes[at + PacketsPart.event] = EventCode[packets.event ?? 'close'];
  bytes[at + PacketsPart.outcome] = Outcome[packets.outcome ?? 'ok'];
  bytes[at + PacketsPart.conn_state] = ConnState[packets.state ?? 'SF'];
  bytes[at + PacketsPart.end_reason] = FlowEnd[packets.end ?? 'end'];
  bytes[at + PacketsPart.tunnel] = Tunnel[packets.tunnel ?? 'NONE'];
  bytes[at + PacketsPart.tunnels] = packets.tunnels ?? 0;
  bytes[at + PacketsPart.forms] = packets.forms ?? 0;
  writer.halves[(at + PacketsPart.vlan) >> 1] = packets.vlan ?? 0;
  if (packets.metadata)
    writer.words[(at + PacketsPart.metadata) >> 2] = writer.attach(packets.metadata);
  for (const [field, values] of Object.entries({ packets: [1, 1] as const, ...packets.ends })) {
    [PacketsPart.orig, PacketsPart.resp].forEach((end, i) => {
      const to = at + end + PacketsEnd[field as keyof typeof PacketsEnd];
      if (LONG.has(field)) writer.setU64(to, values[i]!);
      else writer.words[to >> 2] = values[i]!;
    });
  }
}

function usual(spec: Spec): keyof typeof Direction {
  return spec.socket && ((spec.flags ?? 0) & Flag.PASSIVE) === 0 ? 'OUTBOUND' : 'INBOUND';
}

function addressOf(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === undefined) throw new Error(`no address: ${text}`);
  return bytes;
}

function writeSocket(writer: RecordWriter, at: number, socket: SocketSpec): void {
  const comm =
    typeof socket.comm === 'string' ? new TextEncoder().encode(socket.comm) : socket.comm;
  writer.setU64(at + SocketPart.start_ns, Math.round((socket.start ?? 0) * 1e9));
  writer.setU64(at + SocketPart.cgroup, socket.cgroup ?? 0);
  if (comm) writer.bytes.set(comm.subarray(0, 16), at + SocketPart.comm);
  writer.words[(at + SocketPart.pid) >> 2] = socket.pid ?? 0;
  writer.words[(at + SocketPart.uid) >> 2] = socket.uid ?? 0;
  writer.setU64(at + SocketPart.sent_bytes, socket.sent ?? 0);
  writer.setU64(at + SocketPart.received_bytes, socket.received ?? 0);
  writer.words[(at + SocketPart.rtt_us) >> 2] = socket.rttUs ?? 0;
  writer.words[(at + SocketPart.retransmits) >> 2] = socket.retransmits ?? 0;
  writer.halves[(at + SocketPart.error) >> 1] = socket.error ?? 0;
  writer.bytes[at + SocketPart.state] = socket.state ?? 0;
  writer.bytes[at + SocketPart.from] = socket.from ?? (socket.pid === undefined ? 0 : 1);
}

function writeVerdict(writer: RecordWriter, at: number, verdict: VerdictSpec): void {
  const ports = verdict.ports ?? [];
  writer.setU64(at + VerdictPart.until_ns, Math.round((verdict.until ?? 0) * 1e9));
  ports.slice(0, 16).forEach((port, i) => {
    writer.halves[((at + VerdictPart.ports) >> 1) + i] = port;
  });
  writer.words[(at + VerdictPart.port_count) >> 2] = ports.length;
  writer.words[(at + VerdictPart.syns) >> 2] = verdict.syns ?? ports.length;
  writer.setU64(at + VerdictPart.first_ns, Math.round((verdict.first ?? 0) * 1e9));
  writer.bytes[at + VerdictPart.scan] = ScanKind[verdict.scan ?? 'NONE'];
  writer.halves[(at + VerdictPart.hosts) >> 1] = verdict.hosts ?? 1;
}

/** One thing told, as an object. */
export interface Told {
  event: string;
  /** Seconds. */
  at: number;
  conn?: string;
  direction?: string;
  outcome?: string;
  state?: string;
  orig?: string;
  resp?: string;
  bytes?: [number, number];
  retransmits?: number;
  rttUs?: number;
  error?: number;
  start?: number;
  ports?: number[];
  scan?: Scan;
  count?: number;
}

export class Teller implements FlowListener {
  readonly all: Told[] = [];

  connection(event: number, table: ConnectionTable, row: number): void {
    const base = row * Row.stride;
    const { bytes, words, halves, numbers } = table;
    const told: Told = {
      event: EVENT_NAMES[event]!.replace('connection.', ''),
      at: numbers[(base + Row.event_ns) >> 3]! / 1e9,
      conn: `${formatAddress(bytes, base + Row.src)}:${halves[(base + Row.src_port) >> 1]} > ${formatAddress(bytes, base + Row.dst)}:${halves[(base + Row.dst_port) >> 1]}`,
      direction: Object.keys(Direction)[bytes[base + Row.direction]!]!.toLowerCase(),
      start: numbers[(base + Row.start_ns) >> 3]! / 1e9,
      bytes: [numbers[(base + Row.orig_bytes) >> 3]!, numbers[(base + Row.resp_bytes) >> 3]!],
      retransmits: words[(base + Row.retransmits) >> 2]!,
      rttUs: words[(base + Row.rtt_us) >> 2]!,
      error: halves[(base + Row.error) >> 1]!,
      outcome: OUTCOMES[bytes[base + Row.outcome]!]!,
      state: CONN_STATES[bytes[base + Row.conn_state]!]!,
    };
    const orig = processOf(table, base + Row.orig, bytes[base + Row.orig_from]!);
    const resp = processOf(table, base + Row.resp, bytes[base + Row.resp_from]!);
    if (orig) told.orig = orig;
    if (resp) told.resp = resp;
    this.all.push(told);
  }

  summed(words: Uint32Array, _bytes: Uint8Array, at: number): void {
    this.all.push({ event: 'summed', at: 0, count: words[(at + Head.count) >> 2]! });
  }

  scan(scan: Scan): void {
    this.all.push({ event: 'scan', at: scan.tsNs / 1e9, ports: [...scan.ports], scan });
  }

  block(): void {
    this.all.push({ event: 'block', at: 0 });
  }

  unblock(): void {
    this.all.push({ event: 'unblock', at: 0 });
  }

  /** Takes everything told so far. */
  take(): Told[] {
    return this.all.splice(0);
  }

  /** Takes the names of everything told so far. */
  names(): string[] {
    return this.take().map((told) => told.event);
  }
}

const FROM = ['', 'connect', 'listen', 'accept', 'close'];

function processOf(table: ConnectionTable, end: number, from: number): string | undefined {
  if (from === 0) return undefined;
  const comm = table.bytes.subarray(end + End.comm, end + End.comm + 16);
  const name = new TextDecoder().decode(comm).replace(/\0.*$/, '');
  return `${name}[${table.words[(end + End.pid) >> 2]}] by ${FROM[from]}`;
}

export interface Rig {
  flow: Flow;
  told: Teller;
  /** Feeds records in one batch. */
  feed: (...specs: Spec[]) => void;
}

export function rig(options: Partial<FlowOptions> = {}): Rig {
  const told = new Teller();
  const flow = new Flow({
    ...FLOW_DEFAULTS,
    maxConnections: 1024,
    seed: 42,
    listener: told,
    answered: () => 0,
    ...options,
  });
  const writer = new RecordWriter();
  return {
    flow,
    told,
    feed(...specs) {
      writer.clear();
      for (const spec of specs) write(writer, spec);
      flow.take(writer);
    },
  };
}
