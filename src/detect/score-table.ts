import { networkOf } from './network.ts';

/** Ports remembered of each pair: as many as a verdict can name but one. */
export const SLOTS = 15;
export const WAYS = 4;

/** What a way is; as numbers they order ways by their worth of being kept. */
export const WayState = { free: 0, watched: 1, found: 2 } as const;

/** What became of a port that a source touched. */
export const Fate = {
  /** It counts as silent, but is young. */
  pending: 0,
  /** SYN+ACK sent, or refused though open lately: no evidence. */
  answered: 1,
  /** Closed, half-open, or silent for good. */
  counted: 2,
  opened: 3,
} as const;

/**
 * What each source did to each victim, and what that says, in sets of four ways by a seeded hash of the source; the same
 * as the kernel's table (bpf/table.h) holds for the weighted rule. Memory: 300 bytes a way.
 */
export class ScoreTable {
  /** Per way: WayState, and what it is worth beside that: its ports and its trust, 255 at most. */
  readonly state: Uint8Array;
  readonly worth: Uint8Array;
  /** Per way: until when it counts, and since when, nanoseconds. */
  readonly untilNs: Float64Array;
  readonly firstNs: Float64Array;
  /** Per way: SYNs seen. */
  readonly hits: Uint32Array;
  /** Per way and slot: ports, when they were last touched (-1: free), and their Fate. */
  readonly ports: Uint16Array;
  readonly seenNs: Float64Array;
  readonly fates: Uint8Array;
  /** Per way: the score, 1/256 nat, at the time `at`, 2^26 ns. */
  readonly value: Int32Array;
  readonly at: Float64Array;
  /** Per way: ports by what became of them, since it was taken. */
  readonly closed: Uint16Array;
  readonly silent: Uint16Array;
  readonly half: Uint16Array;
  readonly opened: Uint16Array;
  /** Per way: victims whose score was carried over, and this one. */
  readonly hosts: Uint16Array;
  /** Per way: handshakes completed some seconds apart, and when the last of them was, 2^26 ns. */
  readonly trust: Uint8Array;
  readonly trustedAt: Float64Array;
  /** Pairs forgotten within their window because their set was full. */
  evicted = 0;
  readonly #keys: Uint32Array; // per way: source, victim
  readonly #sets: number;
  readonly #seed: number;

  /** @param ways a power of two, at least WAYS */
  constructor(ways: number, seed: number) {
    this.state = new Uint8Array(ways);
    this.worth = new Uint8Array(ways);
    this.untilNs = new Float64Array(ways);
    this.firstNs = new Float64Array(ways);
    this.hits = new Uint32Array(ways);
    this.ports = new Uint16Array(ways * SLOTS);
    this.seenNs = new Float64Array(ways * SLOTS).fill(-1);
    this.fates = new Uint8Array(ways * SLOTS);
    this.value = new Int32Array(ways);
    this.at = new Float64Array(ways);
    this.closed = new Uint16Array(ways);
    this.silent = new Uint16Array(ways);
    this.half = new Uint16Array(ways);
    this.opened = new Uint16Array(ways);
    this.hosts = new Uint16Array(ways);
    this.trust = new Uint8Array(ways);
    this.trustedAt = new Float64Array(ways);
    this.#keys = new Uint32Array(ways * KEY_WORDS);
    this.#sets = ways / WAYS;
    this.#seed = seed | 0;
  }

  /** The first way of the set of a source and the network of its victim. */
  setOf(key: Uint32Array): number {
    let h = this.#seed;
    for (let i = 0; i < SOURCE_WORDS; i++) h = mixed(h, key[i]!);
    h = mixed(mixed(h, networkOf(key, SOURCE_WORDS, 0)), networkOf(key, SOURCE_WORDS, 1));
    h = Math.imul(h ^ this.#seed, 0x85ebca77);
    h ^= h >>> 13;
    return (h & (this.#sets - 1)) * WAYS;
  }

  /** The way of a source and victim, or -1. */
  find(key: Uint32Array): number {
    const first = this.setOf(key);
    for (let way = first; way < first + WAYS; way++)
      if (this.state[way] !== WayState.free && this.#holds(way, key, KEY_WORDS)) return way;
    return -1;
  }

  /** Is this way, of the set, one of the same source and network? */
  isOf(way: number, key: Uint32Array): boolean {
    if (this.state[way] === WayState.free || !this.#holds(way, key, SOURCE_WORDS)) return false;
    const victim = way * KEY_WORDS + SOURCE_WORDS;
    const isHalf = (half: 0 | 1): boolean =>
      networkOf(this.#keys, victim, half) === networkOf(key, SOURCE_WORDS, half);
    return isHalf(0) && isHalf(1);
  }

  /** The way that a new pair takes: one that is over, else the least suspicious and oldest. */
  victim(key: Uint32Array, nowNs: number): number {
    const first = this.setOf(key);
    let least = first;
    for (let way = first; way < first + WAYS; way++) {
      if (this.untilNs[way]! <= nowNs) return way;
      if (this.#isLess(way, least)) least = way;
    }
    // what is its own it keeps
    if (!this.isOf(least, key)) this.evicted++;
    return least;
  }

  /** Gives a way to a pair; its counts begin anew. */
  take(way: number, key: Uint32Array, nowNs: number): void {
    for (let i = 0; i < KEY_WORDS; i++) this.#keys[way * KEY_WORDS + i] = key[i]!;
    this.seenNs.fill(-1, way * SLOTS, (way + 1) * SLOTS);
    this.fates.fill(Fate.pending, way * SLOTS, (way + 1) * SLOTS);
    this.state[way] = WayState.watched;
    this.firstNs[way] = nowNs;
    this.hits[way] = 0;
    this.closed[way] = 0;
    this.silent[way] = 0;
    this.half[way] = 0;
    this.opened[way] = 0;
  }

  #isLess(a: number, b: number): boolean {
    if (this.state[a] !== this.state[b]) return this.state[a]! < this.state[b]!;
    if (this.worth[a] !== this.worth[b]) return this.worth[a]! < this.worth[b]!;
    return this.untilNs[a]! < this.untilNs[b]!;
  }

  #holds(way: number, key: Uint32Array, words: number): boolean {
    const at = way * KEY_WORDS;
    for (let i = 0; i < words; i++) if (this.#keys[at + i] !== key[i]) return false;
    return true;
  }
}

/** A source and a victim. */
export const KEY_WORDS = 8;
const SOURCE_WORDS = 4;

function mixed(h: number, word: number): number {
  const product = Math.imul(h ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}
