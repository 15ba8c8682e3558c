import { DIRECTIONS } from '../model/events.ts';
import { isV4, parseAddress } from '../wire/address.ts';
import { stampId } from '../wire/id.ts';
import { IpProto } from '../wire/ip-proto.ts';
import { Head, Kind } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { recordNs } from './capture-records.ts';
import { codeOf, countOf, type Fields, type Moment, momentOf, textOf } from './json-fields.ts';

/** A `connection.*` line of a log: when and between whom; the head of its records. */
export class LogLine {
  readonly fields: Fields;
  /** When it happened; undefined: the line doesn't tell, so that it can't be told. */
  readonly at: Moment | undefined;
  readonly atNs: number;
  /** When the connection began, nanoseconds as records have them; 0: not known. */
  readonly startNs: number;
  /** Undefined: not known, or no address. */
  readonly src: Uint8Array | undefined;
  readonly dst: Uint8Array | undefined;
  /** IP protocol number. */
  readonly proto: number;
  /** Code of Direction. */
  readonly direction: number;
  /** The connection's own id, 16 hex digits. */
  readonly id: string | undefined;

  constructor(fields: Fields) {
    this.fields = fields;
    const start = momentOf(fields['start_ts']);
    const durationNs = secondsOf(fields['duration_s']) * 1e9;
    const at = momentOf(fields['ts']);
    const startNs = start ? recordNs(start.seconds, start.nanoseconds) : 0;
    this.at = at ?? (start && laterBy(start, durationNs));
    this.atNs = this.at ? recordNs(this.at.seconds, this.at.nanoseconds) : 0;
    this.startNs = startNs !== 0 || durationNs === 0 ? startNs : micros(this.atNs - durationNs);
    this.src = addressOf(fields['src_ip']);
    this.dst = addressOf(fields['dst_ip']);
    this.proto = protocolOf(fields['proto'], this.dst);
    this.direction = codeOf(fields['direction'], DIRECTIONS) ?? 0;
    this.id = /^[0-9a-f]{16}$/.exec(textOf(fields['id']) ?? '')?.[0];
  }

  /** What tells the connection from others. */
  get key(): string {
    const { src, dst, proto } = this;
    const ports = (this.#port('src_port') << 16) | this.#port('dst_port');
    return this.id ?? [src, dst, ports, proto, this.startNs || this.atNs].join(' ');
  }

  /** Appends a record with this head. @returns its byte offset */
  append(writer: RecordWriter, kind: number, size: number, tsNs: number, ifindex: number): number {
    const at = writer.append(kind, size);
    const { bytes, words, halves } = writer;
    writer.setU64(at + Head.ts_ns, tsNs);
    if (this.src) bytes.set(this.src, at + Head.src);
    bytes.set(this.dst!, at + Head.dst);
    halves[(at + Head.src_port) >> 1] = this.#port('src_port');
    halves[(at + Head.dst_port) >> 1] = this.#port('dst_port');
    // as of conversations: so that connections of the same ends have ids of their own
    words[(at + Head.isn) >> 2] = (this.startNs || this.atNs) / 1000;
    bytes[at + Head.family] = isV4(this.dst!) ? 4 : 6;
    bytes[at + Head.direction] = this.direction;
    words[(at + Head.ifindex) >> 2] = ifindex;
    if (kind === Kind.SUM) return at;
    stampId(words, bytes, at);
    if (this.id !== undefined) {
      words[(at + Head.id + 4) >> 2] = Number.parseInt(this.id.slice(0, 8), 16);
      words[(at + Head.id) >> 2] = Number.parseInt(this.id.slice(8), 16);
    }
    return at;
  }

  /** 0: it isn't known, or none. */
  #port(field: string): number {
    return countOf(this.fields[field], 0xffff) ?? 0;
  }
}

/** Long enough for any connection: ten years. */
const LONGEST_S = 315_360_000;

function secondsOf(value: unknown): number {
  return typeof value === 'number' && value > 0 && value <= LONGEST_S ? value : 0;
}

function laterBy({ seconds, nanoseconds }: Moment, ns: number): Moment {
  const all = nanoseconds + ns;
  const carried = Math.floor(all / 1e9);
  return { seconds: seconds + carried, nanoseconds: Math.round(all - carried * 1e9) % 1e9 };
}

/** As recordNs: the next multiple of 512 after the whole microsecond. */
function micros(ns: number): number {
  return recordNs(Math.floor(ns / 1e9), Math.round((ns % 1e9) / 1000) * 1000);
}

function addressOf(value: unknown): Uint8Array | undefined {
  const text = textOf(value, 64);
  return text === undefined ? undefined : parseAddress(text);
}

function protocolOf(value: unknown, dst: Uint8Array | undefined): number {
  if (value === 'udp') return IpProto.udp;
  if (value !== 'icmp') return IpProto.tcp;
  return dst && isV4(dst) ? IpProto.icmp : IpProto.icmp6;
}
