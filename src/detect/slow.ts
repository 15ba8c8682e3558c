import { type ConnectionEvent, EventCode } from '../model/events.ts';
import { Mark, Row } from '../flow/row.ts';
import type { ConnectionTable } from '../flow/table.ts';
import { stampId } from '../wire/id.ts';
import { Direction, Flag, Head, Kind, ScanKind, VerdictPart } from '../wire/layout.gen.ts';
import { IpProto } from '../wire/ip-proto.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { FAILURE_KEY, FailureTable, PORTS_KEPT } from './failure-table.ts';
import { endHash, Lately } from './lately.ts';
import { SourceKey } from './source-key.ts';

export interface SlowOptions {
  /** 32 random bits: they seed the hash. */
  readonly seed: number;
  /** Sources remembered, a multiple of 4; about 170 bytes each. */
  readonly sources: number;
  /** Distinct closed ports that make a source a slow scanner. */
  readonly ports: number;
  /** For so long a closed port counts, nanoseconds. */
  readonly windowNs: number;
  /** Faster ones are found by other rules, nanoseconds. */
  readonly leastNs: number;
  /** Judge what came to any address, each as a host of its own, as for files; else what came to this host. */
  readonly everywhere: boolean;
}

export const SLOW_DEFAULTS = {
  sources: 16_384,
  ports: 12,
  windowNs: 86_400e9,
  leastNs: 600e9,
  everywhere: false,
} as const;

/**
 * Scans too slow for a window of minutes: a source that failed on `ports` distinct ports of this host within a day,
 * and completed fewer handshakes than that. A port that was open to anybody within the day is none that failed: its
 * service was restarted. Such a scan is told, never blocked: over a day an honest source may become one.
 * Fed with what flow tells of connections, so it needs no records of its own; memory is fixed.
 */
export class SlowScans {
  readonly #options: SlowOptions;
  readonly #table: FailureTable;
  /** Ports that were open, of this host or of each. */
  readonly #opens: Lately = new Lately();
  readonly #key: Uint32Array = new Uint32Array(FAILURE_KEY);
  readonly #source: SourceKey = new SourceKey(V6_PREFIX);
  readonly #verdicts: RecordWriter;

  /** @param verdicts takes the SCAN records */
  constructor(options: SlowOptions, verdicts: RecordWriter) {
    this.#options = options;
    this.#table = new FailureTable(options.sources, options.seed, options.windowNs);
    this.#verdicts = verdicts;
  }

  /** Sources forgotten although something of theirs still counted. */
  get evicted(): number {
    return this.#table.evicted;
  }

  /** Takes what flow tells of a connection (FlowListener.connection). */
  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void {
    const base = row * Row.stride;
    if (!this.#isJudged(table, base)) return;
    if (event === EventCode.attempt || event === EventCode.close) return;
    const port = table.halves[(base + Row.dst_port) >> 1]!;
    const nowNs = table.numbers[(base + Row.event_ns) >> 3]!;
    this.#readKey(table, base);
    const open = endHash(this.#key, VICTIM, port, 0);
    if (event === EventCode.open) {
      this.#opens.note(open, secondsOf(nowNs));
      this.#table.succeeded(this.#key, nowNs);
    } else if (this.#isFailure(table, base, open, nowNs)) {
      const way = this.#table.failed(this.#key, port, nowNs);
      if (way < 0 || nowNs - this.#table.firstNs[way]! < this.#options.leastNs) return;
      if (this.#table.isDue(way, this.#options.ports)) this.#tell(way, table, base);
    }
  }

  #isJudged(table: ConnectionTable, base: number): boolean {
    const direction = table.bytes[base + Row.direction]!;
    if (!isTcp(table.bytes[base + Row.proto]!)) return false; // which alone has outcomes
    return this.#options.everywhere || direction === Direction.INBOUND;
  }

  /** The source, and where each victim is a host of its own, that. */
  #readKey({ words, bytes }: ConnectionTable, base: number): void {
    this.#source.read(this.#key, words, (base + Row.src) >> 2, bytes[base + Row.family] === 6);
    if (!this.#options.everywhere) return;
    const dst = (base + Row.dst) >> 2;
    for (let i = 0; i < 4; i++) this.#key[VICTIM + i] = words[dst + i]!;
  }

  /** Refused, unanswered or reset half-open; what was open and then reset has succeeded before. */
  #isFailure(table: ConnectionTable, base: number, open: number, nowNs: number): boolean {
    if (this.#opens.within(open, secondsOf(nowNs), this.#options.windowNs / 1e9)) return false;
    // what never sent a SYN is backscatter, or older than what is seen
    return (table.halves[(base + Row.marks) >> 1]! & (Mark.opened | Mark.sighted)) === Mark.sighted;
  }

  #tell(way: number, table: ConnectionTable, base: number): void {
    const verdicts = this.#verdicts;
    const to = verdicts.append(Kind.SCAN, VerdictPart.size);
    const { bytes, halves, words } = verdicts;
    verdicts.setU64(to + Head.ts_ns, table.numbers[(base + Row.event_ns) >> 3]!);
    bytes.set(table.bytes.subarray(base + Row.src, base + Row.src + 32), to + Head.src);
    halves[(to + Head.dst_port) >> 1] = table.halves[(base + Row.dst_port) >> 1]!;
    bytes[to + Head.family] = table.bytes[base + Row.family]!;
    bytes[to + Head.direction] = Direction.INBOUND;
    bytes[to + Head.flags] = Flag.WHOLE;
    words[(to + Head.ifindex) >> 2] = table.words[(base + Row.ifindex) >> 2]!;
    stampId(words, bytes, to);
    const failures = this.#table;
    const ports = (to + VerdictPart.ports) >> 1;
    const count = failures.ports(way, halves, ports, PORTS_KEPT);
    words[(to + VerdictPart.port_count) >> 2] = count;
    words[(to + VerdictPart.syns) >> 2] = failures.distinct[way]!;
    verdicts.setU64(to + VerdictPart.first_ns, failures.firstNs[way]!);
    bytes[to + VerdictPart.scan] = ScanKind.SLOW;
    halves[(to + VerdictPart.closed) >> 1] = failures.distinct[way]!;
    halves[(to + VerdictPart.opened) >> 1] = failures.successes[way]!;
    halves[(to + VerdictPart.hosts) >> 1] = 1;
  }
}

/** IPv6 sources with so many equal leading bits are one. */
const V6_PREFIX = 64;
/** Words of a key where the victim is. */
const VICTIM = 4;

function secondsOf(nowNs: number): number {
  return Math.max(1, Math.floor(nowNs / 1e9));
}

function isTcp(proto: number): boolean {
  return proto === 0 || proto === IpProto.tcp;
}
