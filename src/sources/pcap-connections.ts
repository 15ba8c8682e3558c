import { Head } from '../wire/layout.gen.ts';

/** Byte offsets in a row. It begins as struct pw_head of the record that tells the connection's opening. */
export const Row: Readonly<Record<RowField, number>> = {
  /** Initial sequence number of the responder. */
  respIsn: Head.size,
  /** Payload that each end has sent, as its FIN tells. */
  origBytes: Head.size + 4,
  respBytes: Head.size + 8,
  /** Bits of Ended. */
  ended: Head.size + 12,
  list: Head.size + 13,
  deadline_ns: Head.size + 16,
  next: Head.size + 24,
  prev: Head.size + 28,
  chain: Head.size + 32,
  hash: Head.size + 36,
  stride: Head.size + 40,
};

type RowField =
  | 'respIsn'
  | 'origBytes'
  | 'respBytes'
  | 'ended'
  | 'list'
  | 'deadline_ns'
  | 'next'
  | 'prev'
  | 'chain'
  | 'hash'
  | 'stride';

/** Ends whose FIN was seen, and ends of which it is known how much they sent. */
export const Ended = {
  orig: 1,
  resp: 2,
  both: 3,
  origCounted: 4,
  respCounted: 8,
  counted: 12,
} as const;

/**
 * The lists that rows wait in, each for its own time. Whoever answered repeats its SYN+ACK after 1, 2, 4, ... s as
 * long as the handshake has not ended (Linux: five times), so what is not repeated in time was acknowledged.
 */
export const List = {
  /** Attempts that others are to answer. */
  asked: 0,
  /** Our own handshakes: the acknowledgement leaves with the SYN+ACK that comes. */
  own: 1,
  /** Answered, and repeated 0 to 5 times. */
  answered: 2,
  open: 8,
  count: 9,
} as const;

const REPEATS = List.open - List.answered - 1;

/** How long a row waits in each list: before its handshake counts as ended; before it is forgotten, since Linux asks for 127 s. */
const WAIT_NS: readonly number[] = [
  130e9,
  100e6,
  1.2e9,
  2.4e9,
  4.8e9,
  9.6e9,
  19.2e9,
  Infinity,
  Infinity,
];

/**
 * The connections whose handshake was answered and which haven't ended, and attempts that others are to answer, found by
 * their two ends, whichever of them a segment comes from. FIN and RST don't carry the initial sequence number that is part of a connection's id, so it is
 * kept here.
 *
 * Memory is reserved at once but not touched before it is used.
 */
export class PcapConnections {
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  readonly numbers: Float64Array;
  /** The last `find`: whether the segment comes from the originator. */
  fromOriginator = false;
  /** Connections let go because there were too many. */
  evicted = 0;
  size = 0;
  readonly #capacity: number;
  readonly #seed: number;
  readonly #buckets: Uint32Array;
  readonly #heads: Uint32Array = new Uint32Array(List.count).fill(NONE);
  readonly #tails: Uint32Array = new Uint32Array(List.count).fill(NONE);
  #free = NONE;
  #used = 0;

  /**
   * @param capacity a power of two
   * @param seed 32 random bits, so that nobody can aim at one chain
   */
  constructor(capacity: number, seed: number) {
    const memory = new ArrayBuffer(capacity * Row.stride);
    this.words = new Uint32Array(memory);
    this.bytes = new Uint8Array(memory);
    this.numbers = new Float64Array(memory);
    this.#capacity = capacity;
    this.#seed = seed | 0;
    this.#buckets = new Uint32Array(capacity).fill(NONE);
  }

  /** The row of the connection whose ends are those of a record's head, in either direction; -1 if there is none. */
  find(head: Uint32Array): number {
    const { words } = this;
    const hash = this.#hash(head);
    const ports = head[PORTS]!;
    const swapped = ((ports << 16) | (ports >>> 16)) >>> 0;
    let row = this.#buckets[hash & (this.#capacity - 1)]!;
    for (; row !== NONE; row = words[row * STRIDE + CHAIN]!) {
      const base = row * STRIDE;
      if (words[base + HASH] !== hash) continue;
      this.fromOriginator = words[base + PORTS] === ports && isSame(words, base, head, SRC, DST);
      if (this.fromOriginator) return row;
      if (words[base + PORTS] === swapped && isSame(words, base, head, DST, SRC)) return row;
    }
    return -1;
  }

  /** A row for a connection that has none, which begins with this head. When all are taken, the likeliest to be over goes. */
  add(head: Uint32Array, list: number, nowNs: number): number {
    let row = this.#free;
    if (row !== NONE) this.#free = this.words[row * STRIDE + NEXT]!;
    else if (this.#used < this.#capacity) row = this.#used++;
    else return this.#replace(head, list, nowNs);
    const words = this.words;
    const base = row * STRIDE;
    for (let i = 0; i < HEAD; i++) words[base + i] = head[i]!;
    for (let i = HEAD; i < STRIDE; i++) words[base + i] = 0;
    const hash = this.#hash(head);
    const bucket = hash & (this.#capacity - 1);
    words[base + HASH] = hash;
    words[base + CHAIN] = this.#buckets[bucket]!;
    this.#buckets[bucket] = row;
    this.#append(row, list, nowNs);
    this.size++;
    return row;
  }

  remove(row: number): void {
    const words = this.words;
    const base = row * STRIDE;
    const bucket = words[base + HASH]! & (this.#capacity - 1);
    let at = this.#buckets[bucket]!;
    if (at === row) this.#buckets[bucket] = words[base + CHAIN]!;
    else {
      while (words[at * STRIDE + CHAIN] !== row) at = words[at * STRIDE + CHAIN]!;
      words[at * STRIDE + CHAIN] = words[base + CHAIN]!;
    }
    this.#unlink(row);
    words[base + NEXT] = this.#free;
    this.#free = row;
    this.size--;
  }

  /** The list of a row. */
  list(row: number): number {
    return this.bytes[row * Row.stride + Row.list]!;
  }

  /** Moves a row to a list, where it waits anew. */
  move(row: number, list: number, nowNs: number): void {
    this.#unlink(row);
    this.#append(row, list, nowNs);
  }

  /** The SYN+ACK was repeated: its acknowledgement has not come. */
  repeated(row: number, nowNs: number): void {
    const list = this.list(row);
    if (list !== List.own) this.move(row, Math.min(list + 1, List.answered + REPEATS), nowNs);
  }

  /** A row of a list whose time is over; -1 if there is none. */
  due(list: number, nowNs: number): number {
    const row = this.#heads[list]!;
    if (row === NONE) return -1;
    return this.numbers[(row * Row.stride + Row.deadline_ns) >> 3]! <= nowNs ? row : -1;
  }

  #replace(head: Uint32Array, list: number, nowNs: number): number {
    for (const from of LET_GO) {
      const row = this.#heads[from]!;
      if (row === NONE) continue;
      this.evicted++;
      this.remove(row);
      break;
    }
    return this.add(head, list, nowNs);
  }

  #append(row: number, list: number, nowNs: number): void {
    const words = this.words;
    const base = row * STRIDE;
    const tail = this.#tails[list]!;
    words[base + PREV] = tail;
    words[base + NEXT] = NONE;
    if (tail === NONE) this.#heads[list] = row;
    else words[tail * STRIDE + NEXT] = row;
    this.#tails[list] = row;
    this.bytes[row * Row.stride + Row.list] = list;
    this.numbers[(row * Row.stride + Row.deadline_ns) >> 3] = nowNs + WAIT_NS[list]!;
  }

  #unlink(row: number): void {
    const words = this.words;
    const base = row * STRIDE;
    const list = this.list(row);
    const next = words[base + NEXT]!;
    const prev = words[base + PREV]!;
    if (prev === NONE) this.#heads[list] = next;
    else words[prev * STRIDE + NEXT] = next;
    if (next === NONE) this.#tails[list] = prev;
    else words[next * STRIDE + PREV] = prev;
  }

  /** The same for both directions. */
  #hash(head: Uint32Array): number {
    const ports = head[PORTS]!;
    return (this.#hashOf(head, SRC, ports & 0xffff) + this.#hashOf(head, DST, ports >>> 16)) >>> 0;
  }

  #hashOf(head: Uint32Array, at: number, port: number): number {
    let h = Math.imul(head[at]! ^ this.#seed, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15) ^ head[at + 1]!, 0x85ebca77);
    h = Math.imul(h ^ (h >>> 13) ^ head[at + 2]!, 0xc2b2ae3d);
    h = Math.imul(h ^ (h >>> 16) ^ head[at + 3]!, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15) ^ port, 0x85ebca77);
    return h ^ (h >>> 13);
  }
}

/** Which lists let a row go when there is no other room: those that are likeliest to be over first. */
const LET_GO: readonly number[] = [List.asked, 7, 6, 5, 4, 3, List.answered, List.own, List.open];

const NONE = 0xffffffff;
const STRIDE = Row.stride / 4;
const HEAD = Head.size / 4;
const SRC = Head.src / 4;
const DST = Head.dst / 4;
const PORTS = Head.src_port / 4;
const NEXT = Row.next / 4;
const PREV = Row.prev / 4;
const CHAIN = Row.chain / 4;
const HASH = Row.hash / 4;

/** Are the addresses at `src` and `dst` of a head those of the row at `base`? */
function isSame(
  words: Uint32Array,
  base: number,
  head: Uint32Array,
  src: number,
  dst: number,
): boolean {
  for (let i = 3; i >= 0; i--)
    if (words[base + SRC + i] !== head[src + i] || words[base + DST + i] !== head[dst + i])
      return false;
  return true;
}
