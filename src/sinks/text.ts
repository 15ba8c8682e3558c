import type { Scan } from '../flow/listener.ts';
import { End, Row } from '../flow/row.ts';
import type { ConnectionTable } from '../flow/table.ts';
import { type ConnectionEvent, EventCode, type EventMask, ScanClass } from '../model/events.ts';
import { Direction, Head, Kind, VerdictPart } from '../wire/layout.gen.ts';
import { safe, textName } from './escape.ts';
import { Lines } from './lines.ts';
import type { LineBuffer } from './output.ts';
import type { PluginEvent, PluginEvents, Sink, WallClock } from './sink.ts';
import { LocalStamp } from './stamp.ts';
import { metadataText, packetsText } from './text-packets.ts';
import { controlBlocksText } from './text-tcb.ts';
import { blockedBits } from './blocked-bits.ts';
import { address, ascii, decimal, digits, endpoint, put } from './write.ts';
import { isIcmp } from '../wire/ip-proto.ts';
import { u64 } from '../wire/words.ts';

export interface TextSinkOptions {
  readonly output: LineBuffer;
  readonly clock: WallClock;
  readonly events: EventMask;
  readonly pluginEvents?: PluginEvents;
  /** Tell the control blocks of connections that are over, in lines below theirs. */
  readonly tcb?: boolean;
}

/** One readable line per event, in local time; docs and requirements.md give the forms. */
export class TextSink extends Lines implements Sink {
  readonly name = 'text';
  readonly #clock: WallClock;
  readonly #events: EventMask;
  readonly #pluginEvents: PluginEvents;
  readonly #tcb: boolean;
  readonly #stamp: LocalStamp = new LocalStamp();

  constructor(options: TextSinkOptions) {
    super(options.output);
    this.#clock = options.clock;
    this.#events = options.events;
    this.#pluginEvents = options.pluginEvents;
    this.#tcb = options.tcb ?? false;
  }

  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void {
    if ((this.#events & (1 << event)) === 0) return;
    const metadata = table.metadata && metadataText(table.metadata);
    if (!this.output.reserve(MAX_LINE + (metadata?.length ?? 0))) return;
    const out = this.output.bytes;
    const bytes = table.bytes;
    const base = row * Row.stride;
    const eventNs = table.numbers[(base + Row.event_ns) >> 3]!;
    let p = this.#begin(out, eventNs);
    p = put(out, p, VERBS[event]!);
    const hasPorts = !isIcmp(bytes[base + Row.proto]!);
    p = endOf(out, p, bytes, base + Row.src, base + Row.src_port, hasPorts);
    p = put(out, p, ARROW);
    p = endOf(out, p, bytes, base + Row.dst, base + Row.dst_port, hasPorts);
    if (event !== EventCode.attempt) {
      p = processes(out, p, table, base);
      const startNs = table.numbers[(base + Row.start_ns) >> 3]!;
      if (startNs !== 0) p = seconds(out, p, eventNs - startNs);
      if (table.ended) p = packetsText(out, p, table, base, table.ended);
      if (metadata) p = put(out, p, metadata);
      if (this.#tcb && table.ended) p = controlBlocksText(out, p, table.ended);
    }
    this.#end(out, p);
  }

  summed(words: Uint32Array, bytes: Uint8Array, at: number): void {
    if ((this.#events & (1 << EventCode.attempt)) === 0 || !this.output.reserve(MAX_LINE)) return;
    const out = this.output.bytes;
    let p = this.#begin(out, u64(words, at >> 2));
    p = decimal(out, p, words[(at + Head.count) >> 2]!);
    p = put(out, p, SUMMED_TO);
    p = endpoint(out, p, bytes, at + Head.dst, at + Head.dst_port);
    p = put(out, p, SUMMED);
    this.#end(out, p);
  }

  scan(scan: Scan): void {
    if ((this.#events & (1 << EventCode.scan)) === 0 || !this.output.reserve(MAX_LINE)) return;
    const out = this.output.bytes;
    let p = this.#begin(out, scan.tsNs);
    p = put(out, p, SCANS[scan.kind]!);
    p = put(out, p, stateOf(scan));
    if (scan.technique !== undefined) p = put(out, p, ascii(` (${scan.technique})`));
    p = put(out, p, COLON);
    p = address(out, p, scan.bytes, scan.at);
    p = put(out, p, ARROW);
    if (scan.kind === ScanClass.horizontal) p = put(out, p, ascii(`${scan.hosts} addresses`));
    else p = address(out, p, scan.bytes, scan.at + 16);
    if (scan.state === 'end') {
      this.#end(out, put(out, p, totals(scan)));
      return;
    }
    p = put(out, p, ON_PORTS);
    for (let i = 0; i < scan.ports.length; i++) {
      if (i > 0) out[p++] = COMMA;
      p = decimal(out, p, scan.ports[i]!);
    }
    this.#end(out, p);
  }

  block(words: Uint32Array, bytes: Uint8Array, at: number): void {
    if ((this.#events & (1 << EventCode.block)) === 0 || !this.output.reserve(MAX_LINE)) return;
    const out = this.output.bytes;
    const nowNs = u64(words, at >> 2);
    const untilNs = u64(words, (at + VerdictPart.until_ns) >> 2);
    let p = this.#begin(out, nowNs);
    p = put(out, p, BLOCKED);
    p = source(out, p, bytes, at);
    if (untilNs > nowNs) {
      p = put(out, p, FOR);
      p = decimal(out, p, Math.round((untilNs - nowNs) / 1e9));
      out[p++] = SECOND;
    }
    p = put(out, p, bytes[at + Head.kind] === Kind.SCAN ? BY_SCAN : BY_COMMAND);
    this.#end(out, p);
  }

  unblock(words: Uint32Array, bytes: Uint8Array, at: number): void {
    if ((this.#events & (1 << EventCode.unblock)) === 0 || !this.output.reserve(MAX_LINE)) return;
    const out = this.output.bytes;
    let p = this.#begin(out, u64(words, at >> 2));
    p = put(out, p, UNBLOCKED);
    p = source(out, p, bytes, at);
    this.#end(out, p);
  }

  loss(where: string, count: number, nowNs: number): void {
    if ((this.#events & (1 << EventCode.loss)) === 0 || !this.output.reserve(MAX_LINE)) return;
    const out = this.output.bytes;
    const p = put(out, this.#begin(out, nowNs), ascii(`Lost ${count} events at ${where}`));
    this.#end(out, p);
  }

  plugin({ name, tsNs, text }: PluginEvent): void {
    if (this.#pluginEvents?.has(name) === false) return;
    const line = safe(text.replaceAll('\\', '\\\\'));
    if (!this.output.reserve(MAX_LINE + line.length)) return;
    const out = this.output.bytes;
    this.#end(out, put(out, this.#begin(out, tsNs), line));
  }

  #begin(out: Uint8Array, tsNs: number): number {
    return this.#stamp.write(out, this.output.pos, tsNs / 1000 + this.#clock.offsetUs);
  }

  #end(out: Uint8Array, p: number): void {
    out[p] = NEWLINE;
    this.output.commit(p + 1);
  }
}

/** No line is longer but for metadata: 64 ports of 6 bytes; or two endpoints and two escaped names, and control blocks. */
const MAX_LINE = 2048;

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const SPACE = 0x20;
const SECOND = 0x73;
const ARROW = ascii(' -> ');
/** By kind; requirements.md gives the first. */
const SCANS = ['Port scan ', 'Horizontal scan ', 'Stealth scan ', 'UDP scan ', 'Slow scan '].map(
  ascii,
);
const DETECTED = ascii('detected');
const ENDED = ascii('ended');
const LET_GO = ascii('no longer followed');
const COLON = ascii(': ');
const ON_PORTS = ascii(' on ports ');
const SUMMED_TO = ascii(' connection attempts to ');
const SUMMED = ascii(' summed in the kernel (flood)');
const BLOCKED = ascii('Blocked ');
const UNBLOCKED = ascii('Unblocked ');
const FOR = ascii(' for ');
const BY_SCAN = ascii(': port scan');
const BY_COMMAND = ascii(': by command');
const VERBS = [
  'New connection: ',
  'Connection opened: ',
  'Connection refused: ',
  'Connection timeout: ',
  'Connection reset: ',
  'Connection closed: ',
].map(ascii);

function endOf(
  out: Uint8Array,
  pos: number,
  bytes: Uint8Array,
  at: number,
  portAt: number,
  hasPorts: boolean,
): number {
  return hasPorts ? endpoint(out, pos, bytes, at, portAt) : address(out, pos, bytes, at);
}

/** Who is blocked or was: an address, or a prefix that a user has blocked. */
function source(out: Uint8Array, pos: number, bytes: Uint8Array, at: number): number {
  const p = address(out, pos, bytes, at + Head.src);
  const bits = blockedBits(bytes, at);
  if (bits === undefined) return p;
  out[p] = 0x2f; // /
  return decimal(out, p + 1, bits);
}

/** Only silence is an end; else the scan may well go on. */
function stateOf(scan: Scan): Uint8Array {
  if (scan.state !== 'end') return DETECTED;
  return scan.endReason === 'idle timeout' ? ENDED : LET_GO;
}

/** `, 61 ports in 12s` */
function totals({ portCount, firstNs, lastNs }: Scan): Uint8Array {
  const ports = portCount === 1 ? 'port' : 'ports';
  return ascii(`, ${portCount} ${ports} in ${Math.round((lastNs - firstNs) / 1e9)}s`);
}

/** ` name[pid]` of this host's end; ` client[pid] -> server[pid]` when both are known. */
function processes(out: Uint8Array, pos: number, table: ConnectionTable, base: number): number {
  const orig = table.bytes[base + Row.orig_from] !== 0;
  const resp = table.bytes[base + Row.resp_from] !== 0;
  const local = table.bytes[base + Row.direction] === Direction.LOCAL;
  let p = pos;
  if (orig) p = processOf(out, p, table, base + Row.orig);
  if (orig && resp && local) p = put(out, p, ARROW) - 1; // processOf() writes the space
  if (resp && (local || !orig)) p = processOf(out, p, table, base + Row.resp);
  return p;
}

function processOf(out: Uint8Array, pos: number, table: ConnectionTable, end: number): number {
  out[pos] = SPACE;
  let p = textName(out, pos + 1, table.bytes, end + End.comm, 16);
  out[p++] = 0x5b; // [
  p = decimal(out, p, table.words[(end + End.pid) >> 2]!);
  out[p++] = 0x5d; // ]
  return p;
}

/** ` 0.123s` */
function seconds(out: Uint8Array, pos: number, ns: number): number {
  const ms = Math.max(0, Math.round(ns / 1e6));
  const whole = Math.floor(ms / 1000);
  out[pos] = SPACE;
  let p = decimal(out, pos + 1, whole);
  out[p++] = 0x2e; // .
  p = digits(out, p, ms - whole * 1000, 3);
  out[p++] = SECOND;
  return p;
}
