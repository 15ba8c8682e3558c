import type { RecordBatch } from '../wire/batch.ts';
import { stampId } from '../wire/id.ts';
import {
  Direction,
  Flag,
  Head,
  Kind,
  ScanKind,
  SocketPart,
  VerdictPart,
} from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { FOUND, PairTable, WATCHED } from './pair-table.ts';
import { u64 } from '../wire/words.ts';

export interface ReferenceOptions {
  /** More distinct ports than this are a scan: 1 to 15. */
  readonly ports: number;
  /** A port counts until it was not touched for so long, nanoseconds. */
  readonly windowNs: number;
  /** Pairs of source and victim remembered at once: a power of two, at least 4. */
  readonly sources: number;
  /** IPv6 sources with so many equal leading bits are one. */
  readonly v6Prefix: number;
  /** Judge what came to any address, as for files, of which nobody knows whose they are; else what came to this host. */
  readonly everywhere: boolean;
  /** 32 random bits, chosen at start: they keep a peer from aiming at one set of the table. */
  readonly seed: number;
}

export const REFERENCE_DEFAULTS: Omit<ReferenceOptions, 'seed'> = {
  ports: 3,
  windowNs: 60e9,
  sources: 65_536,
  v6Prefix: 64,
  everywhere: false,
};

export interface ReferenceCounts {
  /** Attempts judged. */
  readonly judged: number;
  readonly verdicts: number;
  /** Pairs forgotten within their window because the table was full. */
  readonly evicted: number;
}

/**
 * The reference rule: a source that touched more than T distinct ports of one address of this host within the window
 * is scanning. The window slides: a port counts until it was last touched longer ago than the window. The T ports
 * touched last decide that exactly, so no more are kept. After a verdict there is none for the same pair until fewer
 * than T ports count. The same rule as bpf/rule.h; test/contract/reference-rule.ts holds them together.
 *
 * **Invariant:** it never reads a clock. Time is that of the records.
 */
export class ReferenceRule {
  readonly #options: ReferenceOptions;
  readonly #table: PairTable;
  readonly #mask: Uint32Array;
  readonly #pair: Uint32Array = new Uint32Array(8);
  #judged = 0;
  #verdicts = 0;

  constructor(options: Partial<ReferenceOptions> & Pick<ReferenceOptions, 'seed'>) {
    this.#options = { ...REFERENCE_DEFAULTS, ...options };
    const { sources, ports, seed, v6Prefix } = this.#options;
    this.#table = new PairTable(sources, ports, seed);
    this.#mask = maskOf(v6Prefix);
  }

  /**
   * Judges the ATTEMPT records of a batch that came to this host (direction inbound or local), or all of them
   * (`everywhere`); others are passed over.
   * A verdict is a SCAN record: the head of the attempt that crossed the threshold, without source port and number.
   * @param verdicts gets the SCAN records; it must not be the batch itself
   * @returns the number of verdicts
   */
  judge(batch: RecordBatch, verdicts: RecordWriter): number {
    const { bytes, at, count } = batch;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const record = at[i]!;
      if (bytes[record + Head.kind] !== Kind.ATTEMPT) continue;
      if (!this.#options.everywhere && !isToUs(bytes[record + Head.direction]!)) continue;
      if (this.#attempt(batch, record, verdicts)) found++;
    }
    return found;
  }

  counts(): ReferenceCounts {
    return { judged: this.#judged, verdicts: this.#verdicts, evicted: this.#table.evicted };
  }

  #attempt(batch: RecordBatch, at: number, verdicts: RecordWriter): boolean {
    const { words, bytes } = batch;
    const w = at >> 2;
    const nowNs = u64(words, w);
    const port = words[w + (Head.dst_port >> 2)]! >>> 16;
    const table = this.#table;
    this.#judged++;
    this.#readPair(words, w, bytes[at + Head.family] === 6);

    let way = table.find(this.#pair);
    if (way < 0) {
      way = table.take(this.#pair, nowNs, this.#options.windowNs);
      table.state[way] = WATCHED;
    } else if (this.#refresh(way, port, nowNs)) {
      return false;
    }
    table.syns[way]!++;
    table.lastNs[way] = Math.max(table.lastNs[way]!, nowNs);
    return this.#newPort(way, port, nowNs, batch, at, verdicts);
  }

  /** True when the port counts already. */
  #refresh(way: number, port: number, nowNs: number): boolean {
    const table = this.#table;
    const end = (way + 1) * table.slots;
    for (let slot = way * table.slots; slot < end; slot++) {
      if (table.ports[slot] !== port || !this.#isLive(slot, nowNs)) continue;
      table.seenNs[slot] = Math.max(table.seenNs[slot]!, nowNs);
      table.lastNs[way] = Math.max(table.lastNs[way]!, nowNs);
      table.syns[way]!++;
      return true;
    }
    return false;
  }

  #newPort(
    way: number,
    port: number,
    nowNs: number,
    batch: RecordBatch,
    at: number,
    verdicts: RecordWriter,
  ): boolean {
    const table = this.#table;
    const start = way * table.slots;
    let live = 0;
    let place = -1;
    let oldest = start;
    for (let slot = start; slot < start + table.slots; slot++) {
      if (!this.#isLive(slot, nowNs)) place = slot;
      else live++;
      if (table.seenNs[slot]! < table.seenNs[oldest]!) oldest = slot;
    }
    const crosses = live === table.slots;
    const told = crosses && table.state[way] === FOUND;
    if (crosses && !told) this.#tell(way, port, batch, at, verdicts);
    const slot = crosses ? oldest : place;
    table.ports[slot] = port;
    table.seenNs[slot] = nowNs;
    table.state[way] = crosses ? FOUND : WATCHED;
    table.distinct[way] = live + 1;
    return crosses && !told;
  }

  #tell(way: number, port: number, batch: RecordBatch, at: number, verdicts: RecordWriter): void {
    const table = this.#table;
    this.#verdicts++;
    // As long as the kernel's records, which have the union's size.
    const to = verdicts.append(Kind.SCAN, SocketPart.size);
    const { bytes, halves, words } = verdicts;
    bytes.set(batch.bytes.subarray(at, at + Head.size), to);
    bytes[to + Head.kind] = Kind.SCAN;
    bytes[to + Head.flags] = Flag.WHOLE;
    bytes[to + Head.direction] = Direction.INBOUND;
    halves[(to + Head.src_port) >> 1] = 0;
    words[(to + Head.isn) >> 2] = 0;
    words[(to + Head.count) >> 2] = 1;
    stampId(words, bytes, to);
    const start = way * table.slots;
    const ports = (to + VerdictPart.ports) >> 1;
    for (let i = 0; i < table.slots; i++) halves[ports + i] = table.ports[start + i]!;
    halves[ports + table.slots] = port;
    words[(to + VerdictPart.port_count) >> 2] = table.slots + 1;
    words[(to + VerdictPart.syns) >> 2] = table.syns[way]!;
    verdicts.setU64(to + VerdictPart.first_ns, table.firstNs[way]!);
    verdicts.bytes[to + VerdictPart.scan] = ScanKind.VERTICAL;
    verdicts.halves[(to + VerdictPart.hosts) >> 1] = 1;
  }

  /** A record may be a little older than one before it; its ports count all the same. */
  #isLive(slot: number, nowNs: number): boolean {
    const seenNs = this.#table.seenNs[slot]!;
    return seenNs >= 0 && nowNs - seenNs <= this.#options.windowNs;
  }

  #readPair(words: Uint32Array, w: number, v6: boolean): void {
    const src = w + (Head.src >> 2);
    for (let i = 0; i < 8; i++) this.#pair[i] = words[src + i]!;
    if (v6) for (let i = 0; i < 4; i++) this.#pair[i]! &= this.#mask[i]!;
  }
}

function isToUs(direction: number): boolean {
  return direction === Direction.INBOUND || direction === Direction.LOCAL;
}

/** The first `bits` of 128, in network order. */
function maskOf(bits: number): Uint32Array {
  const mask = new Uint8Array(16);
  for (let bit = 0; bit < bits; bit++) mask[bit >> 3]! |= 0x80 >> (bit & 7);
  return new Uint32Array(mask.buffer);
}
