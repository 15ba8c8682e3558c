import type { JsonConnection } from '../../../src/model/json.ts';
import { RowState, type RowStateCode, stateOf } from './row-state.ts';

/** As many as a browser draws without effort and a person will scroll; a power of two. */
export const ROWS = 8192;

/** One row as the table draws it; made for rows on the screen alone. */
export interface Row {
  readonly seq: number;
  readonly id: string;
  /** Wall time of its begin, in ms. */
  readonly startMs: number;
  readonly state: RowStateCode;
  readonly src: string;
  readonly srcPort: number;
  readonly dst: string;
  readonly dstPort: number;
  readonly proto: string;
  readonly direction: string;
  readonly process: string;
  /** What it said of itself: the name it asked for. */
  readonly name: string;
  readonly service: string;
  /** NaN where unknown, as the numbers below. */
  readonly durationS: number;
  readonly origBytes: number;
  readonly respBytes: number;
  readonly rttUs: number;
  readonly retransmits: number;
  /** Attempts that the row stands for. */
  readonly count: number;
}

/**
 * The connections of the live table: a ring of columns, a row per connection, updated in place by its id. Rows are
 * numbered as they come; the oldest goes when the ring is full, so memory has a bound whatever comes.
 */
export class RowStore {
  readonly capacity: number;
  readonly #mask: number;
  readonly #seqOf: Map<string, number> = new Map<string, number>();
  readonly #start: Float64Array;
  readonly #state: Uint8Array;
  readonly #numbers: Float64Array;
  readonly #ports: Uint16Array;
  readonly #texts: string[];
  /** Some row has said something of its application; no source but captures tells of it. */
  hasNames = false;
  #first = 0;
  #next = 0;

  /** @param capacity a power of two */
  constructor(capacity: number = ROWS) {
    this.capacity = capacity;
    this.#mask = capacity - 1;
    this.#start = new Float64Array(capacity);
    this.#state = new Uint8Array(capacity);
    this.#numbers = new Float64Array(capacity * NUMBERS);
    this.#ports = new Uint16Array(capacity * 2);
    this.#texts = Array.from({ length: capacity * TEXTS }, () => '');
  }

  /** The number of the oldest row, and of the one that comes next. */
  get first(): number {
    return this.#first;
  }

  get next(): number {
    return this.#next;
  }

  get size(): number {
    return this.#next - this.#first;
  }

  /** Takes an event of a connection; returns its row's number. */
  put(event: JsonConnection): number {
    const known = event.id === undefined ? undefined : this.#seqOf.get(event.id);
    const seq = known ?? this.#add(event.id ?? '');
    const at = seq & this.#mask;
    const state = stateOf(event);
    // Events of two rings may come in either order: an end stays an end.
    if (known === undefined || state >= this.#state[at]!) this.#state[at] = state;
    const startMs = Date.parse(event.start_ts ?? event.ts);
    if (known === undefined || event.start_ts !== undefined) this.#start[at] = startMs;
    this.#ports[at * 2] = event.src_port ?? 0;
    this.#ports[at * 2 + 1] = event.dst_port;
    const texts = at * TEXTS;
    const name = nameOf(event);
    if (name !== undefined || event.service !== undefined || event.proto !== 'tcp')
      this.hasNames = true;
    this.#set(texts + Text.src, event.src_ip);
    this.#set(texts + Text.dst, event.dst_ip);
    this.#set(texts + Text.proto, event.proto);
    this.#set(texts + Text.direction, event.direction);
    this.#set(texts + Text.process, processOf(event));
    this.#set(texts + Text.name, name);
    this.#set(texts + Text.service, event.service);
    const numbers = at * NUMBERS;
    this.#number(numbers + Num.duration, event.duration_s);
    this.#number(numbers + Num.orig, event.orig_bytes);
    this.#number(numbers + Num.resp, event.resp_bytes);
    this.#number(numbers + Num.rtt, event.rtt_us);
    this.#number(numbers + Num.retransmits, event.retransmits);
    this.#number(numbers + Num.count, event.count);
    return seq;
  }

  /** A row that says that something is missing here. */
  gap(text: string, ms: number): number {
    const seq = this.#add('');
    const at = seq & this.#mask;
    this.#state[at] = RowState.gap;
    this.#start[at] = ms;
    this.#texts[at * TEXTS + Text.name] = text;
    return seq;
  }

  clear(): void {
    this.#seqOf.clear();
    this.#texts.fill('');
    this.#first = this.#next;
  }

  stateAt(seq: number): RowStateCode {
    return this.#state[seq & this.#mask] as RowStateCode;
  }

  has(seq: number): boolean {
    return seq >= this.#first && seq < this.#next;
  }

  seqOf(id: string): number | undefined {
    return this.#seqOf.get(id);
  }

  row(seq: number): Row {
    const at = seq & this.#mask;
    const text = (which: number) => this.#texts[at * TEXTS + which]!;
    const number = (which: number) => this.#numbers[at * NUMBERS + which]!;
    return {
      seq,
      id: text(Text.id),
      startMs: this.#start[at]!,
      state: this.stateAt(seq),
      src: text(Text.src),
      srcPort: this.#ports[at * 2]!,
      dst: text(Text.dst),
      dstPort: this.#ports[at * 2 + 1]!,
      proto: text(Text.proto),
      direction: text(Text.direction),
      process: text(Text.process),
      name: text(Text.name),
      service: text(Text.service),
      durationS: number(Num.duration),
      origBytes: number(Num.orig),
      respBytes: number(Num.resp),
      rttUs: number(Num.rtt),
      retransmits: number(Num.retransmits),
      count: number(Num.count),
    };
  }

  /**
   * Numbers of the rows that are wanted, the last that was added first.
   * @param to where they are written; as long as the ring
   * @returns how many there are
   */
  select(to: Float64Array, wanted: ReadonlySet<RowStateCode> | undefined): number {
    let count = 0;
    for (let seq = this.#next - 1; seq >= this.#first; seq--)
      if (wanted === undefined || wanted.has(this.stateAt(seq))) to[count++] = seq;
    return count;
  }

  /** The same, in the order in which they were added. */
  selectOldestFirst(to: Float64Array, wanted: ReadonlySet<RowStateCode> | undefined): number {
    const count = this.select(to, wanted);
    to.subarray(0, count).reverse();
    return count;
  }

  #add(id: string): number {
    const seq = this.#next++;
    const at = seq & this.#mask;
    if (this.#next - this.#first > this.capacity) {
      const old = this.#texts[at * TEXTS]!;
      // A connection that came again has a newer row
      if (this.#seqOf.get(old) === this.#first) this.#seqOf.delete(old);
      this.#first++;
    }
    this.#texts.fill('', at * TEXTS, (at + 1) * TEXTS);
    this.#numbers.fill(Number.NaN, at * NUMBERS, (at + 1) * NUMBERS);
    this.#state[at] = RowState.attempt;
    if (id !== '') {
      this.#seqOf.set(id, seq);
      this.#texts[at * TEXTS] = id;
    }
    return seq;
  }

  #set(at: number, text: string | undefined): void {
    if (text !== undefined && text !== '') this.#texts[at] = text;
  }

  #number(at: number, value: number | undefined): void {
    if (value !== undefined) this.#numbers[at] = value;
  }
}

const Text = { id: 0, src: 1, dst: 2, proto: 3, direction: 4, process: 5, name: 6, service: 7 };
const TEXTS = 8;
const Num = { duration: 0, orig: 1, resp: 2, rtt: 3, retransmits: 4, count: 5 };
const NUMBERS = 6;

/** `curl[123]`; both when both ends are of this host. */
export function processOf(event: JsonConnection): string {
  const own = labelOf(event.process, event.pid);
  const other = labelOf(event.resp_process, event.resp_pid);
  return own !== '' && other !== '' ? `${own} → ${other}` : own + other;
}

function labelOf(name: string | undefined, pid: number | undefined): string {
  if (name === undefined) return pid === undefined ? '' : `[${pid}]`;
  return pid === undefined ? name : `${name}[${pid}]`;
}

/** The name that the connection asked for, of whatever protocol. */
export function nameOf(event: JsonConnection): string | undefined {
  return (
    event.tls?.sni ??
    event.tls?.subject ??
    event.http?.host ??
    event.dns?.[0]?.query ??
    event.ssh?.server ??
    (event.direction === 'inbound' ? event.orig_name : event.resp_name)
  );
}
