import { formatAddress } from '../../src/wire/address.ts';
import type { RecordBatch } from '../../src/wire/batch.ts';
import {
  Direction,
  Flag,
  Head,
  Kind,
  ScanKind,
  SocketPart,
  VerdictPart,
} from '../../src/wire/layout.gen.ts';

/** A record as tests compare it. */
export interface PlainRecord {
  kind: string;
  direction: string;
  flags: number;
  src: string;
  dst: string;
  family: number;
  isn: number;
  id: string;
  tsNs: number;
  netns: bigint;
  count: number;
  /** With flag WHOLE, but for verdicts. */
  socket?: { state: number; error: number; uid: number; pid: number; from: number };
  /** Of SCAN, BLOCK and UNBLOCK. */
  scan?: {
    kind: string;
    closed: number;
    silent: number;
    half: number;
    opened: number;
    hosts: number;
    score: number;
  };
  verdict?: { ports: number[]; portCount: number; syns: number; firstNs: number; untilNs: number };
}

/** Copies the records of a batch, whose memory may be the source's again afterwards. */
export function plain(batch: RecordBatch): PlainRecord[] {
  return Array.from(batch.at.subarray(0, batch.count), (at) => plainOne(batch.bytes, at));
}

function plainOne(bytes: Uint8Array, at: number): PlainRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const u64 = (offset: number): number => Number(view.getBigUint64(offset, true));
  const kind = bytes[at + Head.kind]!;
  const family = bytes[at + Head.family]!;
  const end = (address: number, port: number): string => {
    const text = formatAddress(bytes, at + address);
    return `${family === 6 ? `[${text}]` : text}:${view.getUint16(port, true)}`;
  };
  const record: PlainRecord = {
    kind: nameOf(Kind, kind),
    direction: nameOf(Direction, bytes[at + Head.direction]!),
    flags: bytes[at + Head.flags]!,
    src: end(Head.src, Head.src_port),
    dst: end(Head.dst, Head.dst_port),
    family,
    isn: view.getUint32(Head.isn, true),
    id: view.getBigUint64(Head.id, true).toString(16).padStart(16, '0'),
    tsNs: u64(Head.ts_ns),
    netns: view.getBigUint64(Head.netns, true),
    count: view.getUint32(Head.count, true),
  };
  if (kind >= Kind.SCAN) {
    record.scan = {
      kind: nameOf(ScanKind, bytes[at + VerdictPart.scan]!),
      closed: view.getUint16(VerdictPart.closed, true),
      silent: view.getUint16(VerdictPart.silent, true),
      half: view.getUint16(VerdictPart.half, true),
      opened: view.getUint16(VerdictPart.opened, true),
      hosts: view.getUint16(VerdictPart.hosts, true),
      score: view.getInt32(VerdictPart.score, true) / 256,
    };
    record.verdict = {
      ports: Array.from({ length: 16 }, (_, i) => view.getUint16(VerdictPart.ports + 2 * i, true)),
      portCount: view.getUint32(VerdictPart.port_count, true),
      syns: view.getUint32(VerdictPart.syns, true),
      firstNs: u64(VerdictPart.first_ns),
      untilNs: u64(VerdictPart.until_ns),
    };
  } else if ((record.flags & Flag.WHOLE) !== 0) {
    record.socket = {
      state: bytes[at + SocketPart.state]!,
      error: view.getUint16(SocketPart.error, true),
      uid: view.getUint32(SocketPart.uid, true),
      pid: view.getUint32(SocketPart.pid, true),
      from: bytes[at + SocketPart.from]!,
    };
  }
  return record;
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? `unknown ${value}`;
}
