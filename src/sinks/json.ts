import type { Scan, ScanWeights } from '../flow/listener.ts';
import { Row } from '../flow/row.ts';
import type { Rows } from '../flow/table.ts';
import {
  type ConnectionEvent,
  EVENT_NAMES,
  EventCode,
  type EventMask,
  SCAN_KINDS,
} from '../model/events.ts';
import { eventRunbook, lossRunbook, scanRunbook } from '../model/glossary/runbook.ts';
import { Head, Kind, VerdictPart } from '../wire/layout.gen.ts';
import { jsonText, safe } from './escape.ts';
import { JsonConnectionWriter } from './json-connection.ts';
import { metadataMembers } from './json-metadata.ts';
import { Lines } from './lines.ts';
import type { LineBuffer } from './output.ts';
import type { Format, Names, PluginEvent, PluginEvents, Sink, WallClock } from './sink.ts';
import { UtcStamp } from './stamp.ts';
import { blockedBits } from './blocked-bits.ts';
import { address, ascii, decimal, put } from './write.ts';
import { u64 } from '../wire/words.ts';

export interface JsonSinkOptions {
  readonly output: LineBuffer;
  readonly clock: WallClock;
  readonly events: EventMask;
  readonly pluginEvents?: PluginEvents;
  readonly names: Names;
  /** Name of this host; left out when undefined. */
  readonly host?: string;
  /** Tell the control blocks of connections that are over. */
  readonly tcb?: boolean;
}

/** One JSON object per line and event; docs/events.schema.json is the contract. */
export class JsonSink extends Lines implements Sink {
  readonly name: Format;
  readonly #clock: WallClock;
  readonly #events: EventMask;
  readonly #pluginEvents: PluginEvents;
  readonly #stamp: UtcStamp = new UtcStamp();
  readonly #connections: JsonConnectionWriter;
  readonly #names: Names;
  /** What ends every line: of this host, and of another one that was told of last. */
  readonly #tail: Uint8Array;
  #other = '';
  #otherTail: Uint8Array = NO_HOST;

  /** @param name of the form that the output makes of these lines (MappedLines) */
  constructor(options: JsonSinkOptions, name: Format = 'json') {
    super(options.output);
    this.name = name;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#pluginEvents = options.pluginEvents;
    this.#connections = new JsonConnectionWriter(
      options.names,
      options.clock,
      options.tcb ?? false,
    );
    this.#names = options.names;
    this.#tail = tailOf(options.host);
  }

  connection(event: ConnectionEvent, table: Rows, row: number): void {
    if ((this.#events & (1 << event)) === 0) return;
    const metadata = table.metadata && metadataMembers(table.metadata);
    if (!this.output.reserve(MAX_LINE + (metadata?.length ?? 0))) return;
    const out = this.output.bytes;
    const eventNs = table.numbers[(row * Row.stride + Row.event_ns) >> 3]!;
    let p = this.#begin(out, event, eventNs);
    p = this.#connections.write(out, p, event, table, row * Row.stride);
    this.#end(out, metadata ? put(out, p, metadata) : p);
  }

  summed(words: Uint32Array, bytes: Uint8Array, at: number): void {
    if (!this.#wants(EventCode.attempt)) return;
    const out = this.output.bytes;
    const p = this.#begin(out, EventCode.attempt, u64(words, at >> 2));
    this.#end(out, this.#connections.writeSummed(out, p, words, bytes, at));
  }

  scan(scan: Scan): void {
    if (!this.#wants(EventCode.scan)) return;
    const out = this.output.bytes;
    let p = this.#begin(out, EventCode.scan, scan.tsNs);
    p = put(out, p, SRC_IP);
    p = address(out, p, scan.bytes, scan.at);
    p = put(out, p, DST_IP);
    p = address(out, p, scan.bytes, scan.at + 16);
    p = put(out, p, KINDS[scan.kind]!);
    if (scan.technique !== undefined) p = put(out, p, ascii(`,"technique":"${scan.technique}"`));
    p = put(out, p, ascii(`,"state":"${scan.state}"`));
    if (scan.endReason !== undefined) p = put(out, p, ascii(`,"end_reason":"${scan.endReason}"`));
    p = put(out, p, PORTS);
    for (let i = 0; i < scan.ports.length; i++) {
      if (i > 0) out[p++] = COMMA;
      p = decimal(out, p, scan.ports[i]!);
    }
    p = put(out, p, HOSTS);
    p = decimal(out, p, scan.hosts);
    p = put(out, p, SYNS);
    p = decimal(out, p, scan.syns);
    p = put(out, p, PORT_COUNT);
    p = decimal(out, p, scan.portCount);
    p = put(out, p, FIRST_TS);
    p = this.#stamp.write(out, p, this.#wallUs(scan.firstNs));
    p = put(out, p, LAST_TS);
    p = this.#stamp.write(out, p, this.#wallUs(scan.lastNs));
    p = put(out, p, ascii(`","blocked":${scan.blocked},"spared":${scan.spared}`));
    p = put(out, p, BLOCKS);
    p = decimal(out, p, scan.blocks);
    if (scan.trusted) p = put(out, p, TRUSTED);
    if (scan.decoys > 0) p = put(out, p, ascii(`,"decoys":${scan.decoys}`));
    if (scan.weights) p = put(out, p, weights(scan.weights));
    out[p++] = 0x7d; // }
    this.#end(out, runbookField(out, p, scanRunbook(SCAN_KINDS[scan.kind])));
  }

  block(words: Uint32Array, bytes: Uint8Array, at: number): void {
    if (!this.#wants(EventCode.block)) return;
    const out = this.output.bytes;
    let p = this.#begin(out, EventCode.block, u64(words, at >> 2));
    p = put(out, p, SRC_IP);
    p = address(out, p, bytes, at + Head.src);
    out[p++] = QUOTE;
    p = prefixLength(out, p, bytes, at);
    const untilNs = u64(words, (at + VerdictPart.until_ns) >> 2);
    if (untilNs !== 0) {
      p = put(out, p, UNTIL_TS);
      p = this.#stamp.write(out, p, this.#wallUs(untilNs));
      out[p++] = QUOTE;
    }
    p = put(out, p, bytes[at + Head.kind] === Kind.SCAN ? BY_SCAN : BY_COMMAND);
    this.#end(out, runbookField(out, p, eventRunbook('block')));
  }

  unblock(words: Uint32Array, bytes: Uint8Array, at: number): void {
    if (!this.#wants(EventCode.unblock)) return;
    const out = this.output.bytes;
    let p = this.#begin(out, EventCode.unblock, u64(words, at >> 2));
    p = put(out, p, SRC_IP);
    p = address(out, p, bytes, at + Head.src);
    out[p++] = QUOTE;
    p = prefixLength(out, p, bytes, at);
    this.#end(out, runbookField(out, p, eventRunbook('unblock')));
  }

  loss(where: string, count: number, nowNs: number): void {
    if (!this.#wants(EventCode.loss)) return;
    const out = this.output.bytes;
    let p = this.#begin(out, EventCode.loss, nowNs);
    p = put(out, p, ascii(`,"where":${JSON.stringify(where)},"count":${count}`));
    this.#end(out, runbookField(out, p, lossRunbook(where)));
  }

  plugin({ name, plugin, tsNs, json }: PluginEvent): void {
    if (this.#pluginEvents?.has(name) === false || !this.output.reserve(MAX_LINE)) return;
    const out = this.output.bytes;
    let p = this.#stamp.write(out, put(out, this.output.pos, TS), this.#wallUs(tsNs));
    p = put(out, p, ascii(`","event":"${name}","plugin":"${plugin}"`));
    if (json !== '') out[p++] = COMMA;
    p = put(out, p, safe(json));
    this.#end(out, runbookField(out, p, eventRunbook(name)));
  }

  /** The event is wanted and there is room for its line. */
  #wants(event: number): boolean {
    return (this.#events & (1 << event)) !== 0 && this.output.reserve(MAX_LINE);
  }

  #wallUs(ns: number): number {
    return ns / 1000 + this.#clock.offsetUs;
  }

  #begin(out: Uint8Array, event: number, tsNs: number): number {
    const p = this.#stamp.write(out, put(out, this.output.pos, TS), this.#wallUs(tsNs));
    return put(out, p, EVENTS[event]!);
  }

  #end(out: Uint8Array, p: number): void {
    this.output.commit(put(out, p, this.#names.host === undefined ? this.#tail : this.#hostTail()));
  }

  #hostTail(): Uint8Array {
    const { host = '' } = this.#names;
    if (host !== this.#other) this.#otherTail = tailOf(host);
    this.#other = host;
    return this.#otherTail;
  }
}

/** No line is longer but for metadata: every field at its longest, names of 253 bytes each six bytes escaped. */
const MAX_LINE = 8192;

const NO_HOST = ascii('}\n');
const QUOTE = 0x22;
const COMMA = 0x2c;
const TS = ascii('{"ts":"');
const EVENTS = EVENT_NAMES.map((name) => ascii(`","event":"${name}"`));
const SRC_IP = ascii(',"src_ip":"');
const DST_IP = ascii('","dst_ip":"');
const KINDS = SCAN_KINDS.map((name) => ascii(`","kind":"${name}"`));
const PORTS = ascii(',"ports":[');
const HOSTS = ascii('],"hosts":');
const SYNS = ascii(',"evidence":{"syns":');
const TRUSTED = ascii(',"trusted":true');
const PORT_COUNT = ascii(',"port_count":');
const FIRST_TS = ascii(',"first_ts":"');
const LAST_TS = ascii('","last_ts":"');
const BLOCKS = ascii(',"blocks":');
const UNTIL_TS = ascii(',"until_ts":"');
const PREFIX_LEN = ascii(',"prefix_len":');
const BY_SCAN = ascii(',"reason":"port scan"');
const BY_COMMAND = ascii(',"reason":"command"');

function weights(w: ScanWeights): Uint8Array {
  return ascii(
    `,"rule":"weighted","score":${w.score.toFixed(2)},"closed":${w.closed},"silent":${w.silent},"half_open":${w.halfOpen},"opened":${w.opened}`,
  );
}

/** `,"prefix_len":16` of a prefix that a user has blocked. */
function prefixLength(out: Uint8Array, pos: number, bytes: Uint8Array, at: number): number {
  const bits = blockedBits(bytes, at);
  return bits === undefined ? pos : decimal(out, put(out, pos, PREFIX_LEN), bits);
}

/** `,"runbook":"packetwatch explain scan-vertical"` */
function runbookField(out: Uint8Array, pos: number, runbook: string | undefined): number {
  return runbook === undefined ? pos : put(out, pos, ascii(`,"runbook":"${runbook}"`));
}

function tailOf(host: string | undefined): Uint8Array {
  if (host === undefined || host === '') return NO_HOST;
  return Buffer.concat([ascii(',"host":"'), jsonText(host), ascii('"}\n')]);
}
