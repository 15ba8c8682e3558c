import { Mark, Row } from '../flow/row.ts';
import type { Rows } from '../flow/table.ts';
import { Outcome } from '../model/events.ts';
import { IpProto } from '../wire/ip-proto.ts';
import { Direction } from '../wire/layout.gen.ts';

/** Of the key: both addresses, the responder's port and the protocol. */
const KEY_WORDS = 10;
const NONE = -1;

/** An edge as it is counted. */
export interface CountedEdge {
  /** One of its connections, the first that was added of those with most processes known. */
  readonly rows: Rows;
  readonly row: number;
  readonly local: 'client' | 'server' | 'both' | undefined;
  readonly connections: number;
  readonly failed: number;
  readonly origBytes: number;
  readonly respBytes: number;
  readonly lastNs: number;
  /** Median; undefined: of none is it known. */
  readonly rttUs: number | undefined;
}

/**
 * Connections summed by who called whom on which port. Its memory is reserved for as many edges as connections, and
 * touched as it is used.
 */
export class EdgeTable {
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #keys: Uint32Array;
  readonly #connections: Uint32Array;
  readonly #failed: Uint32Array;
  readonly #bytes: Float64Array;
  readonly #lastNs: Float64Array;
  readonly #rows: Int32Array;
  /** Per edge, of which rows `#rows` is: their index in `#tables`. */
  readonly #table: Uint8Array;
  readonly #tables: Rows[] = [];
  /** Edge and RTT in turns. */
  readonly #rtts: Float64Array;
  #rttCount = 0;
  readonly #key = new Uint32Array(KEY_WORDS);
  #size = 0;

  /** @param most connections that will be added */
  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * most + 2));
    this.#slots = new Int32Array(slots);
    this.#mask = slots - 1;
    this.#keys = new Uint32Array(most * KEY_WORDS);
    this.#connections = new Uint32Array(most);
    this.#failed = new Uint32Array(most);
    this.#bytes = new Float64Array(2 * most);
    this.#lastNs = new Float64Array(most);
    this.#rows = new Int32Array(most);
    this.#table = new Uint8Array(most);
    this.#rtts = new Float64Array(2 * most);
  }

  get size(): number {
    return this.#size;
  }

  add(rows: Rows, row: number, tsNs: number): void {
    const edge = this.#edgeOf(rows, row);
    const base = row * Row.stride;
    this.#connections[edge]!++;
    if (rows.bytes[base + Row.outcome]! > Outcome.ok) this.#failed[edge]!++;
    this.#bytes[2 * edge]! += rows.numbers[(base + Row.orig_bytes) >> 3]!;
    this.#bytes[2 * edge + 1]! += rows.numbers[(base + Row.resp_bytes) >> 3]!;
    this.#lastNs[edge] = Math.max(this.#lastNs[edge]!, tsNs);
    const one = this.#tables[this.#table[edge]!]!;
    if (processes(one, this.#rows[edge]!) < processes(rows, row)) this.#represent(edge, rows, row);
    const rttUs = rows.words[(base + Row.rtt_us) >> 2]!;
    if (rttUs === 0) return;
    this.#rtts[2 * this.#rttCount] = edge;
    this.#rtts[2 * this.#rttCount++ + 1] = rttUs;
  }

  /** Those with most connections. */
  top(most: number): CountedEdge[] {
    const edges: number[] = [];
    for (let edge = 0; edge < this.#size; edge++) {
      if (edges.length === most && this.#connections[edge]! <= this.#connections[edges.at(-1)!]!)
        continue;
      let at = edges.length;
      while (at > 0 && this.#connections[edges[at - 1]!]! < this.#connections[edge]!) at--;
      edges.splice(at, 0, edge);
      if (edges.length > most) edges.pop();
    }
    const rtts = this.#rttsOf(edges);
    return edges.map((edge, i) => this.#describe(edge, median(rtts[i]!)));
  }

  #describe(edge: number, rttUs: number | undefined): CountedEdge {
    const rows = this.#tables[this.#table[edge]!]!;
    const row = this.#rows[edge]!;
    return {
      rows,
      row,
      local: localOf(rows, row * Row.stride),
      connections: this.#connections[edge]!,
      failed: this.#failed[edge]!,
      origBytes: this.#bytes[2 * edge]!,
      respBytes: this.#bytes[2 * edge + 1]!,
      lastNs: this.#lastNs[edge]!,
      rttUs,
    };
  }

  /** In the order of the edges. */
  #rttsOf(edges: readonly number[]): number[][] {
    const found = edges.map((): number[] => []);
    const at = new Map(edges.map((edge, i) => [edge, found[i]!]));
    for (let i = 0; i < this.#rttCount; i++)
      at.get(this.#rtts[2 * i]!)?.push(this.#rtts[2 * i + 1]!);
    return found;
  }

  #edgeOf(rows: Rows, row: number): number {
    const key = this.#key;
    const w = (row * Row.stride) >> 2;
    let hash = 0;
    for (let i = 0; i < 8; i++) key[i] = rows.words[w + (Row.src >> 2) + i]!;
    key[8] = rows.halves[(row * Row.stride + Row.dst_port) >> 1]!;
    key[9] = rows.bytes[row * Row.stride + Row.proto]! || IpProto.tcp;
    for (let i = 0; i < KEY_WORDS; i++)
      hash = Math.imul(hash ^ key[i]!, 0x9e3779b1) ^ (hash >>> 15);
    for (let i = (hash ^ (hash >>> 16)) & this.#mask; ; i = (i + 1) & this.#mask) {
      const edge = this.#slots[i]! - 1;
      if (edge === NONE) return this.#open(i, rows, row);
      if (this.#is(edge)) return edge;
    }
  }

  #is(edge: number): boolean {
    for (let i = 0; i < KEY_WORDS; i++)
      if (this.#keys[edge * KEY_WORDS + i] !== this.#key[i]) return false;
    return true;
  }

  #open(slot: number, rows: Rows, row: number): number {
    const edge = this.#size++;
    this.#slots[slot] = edge + 1;
    this.#keys.set(this.#key, edge * KEY_WORDS);
    this.#represent(edge, rows, row);
    return edge;
  }

  /** What isn't counted is told of this one. */
  #represent(edge: number, rows: Rows, row: number): void {
    if (!this.#tables.includes(rows)) this.#tables.push(rows);
    this.#rows[edge] = row;
    this.#table[edge] = this.#tables.indexOf(rows);
  }
}

/** Ends whose process is known. A connection that was refused at once has none, though others of its edge do. */
function processes({ bytes }: Rows, row: number): number {
  const base = row * Row.stride;
  return Number(bytes[base + Row.orig_from]! > 0) + Number(bytes[base + Row.resp_from]! > 0);
}

function localOf(rows: Rows, base: number): CountedEdge['local'] {
  const marks = rows.halves[(base + Row.marks) >> 1]!;
  const direction = rows.bytes[base + Row.direction]!;
  if (direction === Direction.LOCAL) return 'both';
  if (direction === Direction.OUTBOUND || (marks & Mark.origSocket) !== 0) return 'client';
  return direction === Direction.INBOUND || (marks & Mark.respSocket) !== 0 ? 'server' : undefined;
}

function median(numbers: number[]): number | undefined {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1];
}
