/**
 * What each source did to each victim, in sets of four ways by a seeded hash: of the source alone, where victims are
 * addresses of one host, as in the kernel's table (bpf/table.h), so that both forget alike; of the whole key, where
 * each victim is a host of its own.
 * Items (ports) and times lie in flat arrays, `slots` of them per way.
 */
export class PairTable {
  readonly slots: number;
  /** Per way and slot. */
  readonly items: Uint16Array;
  /** Per way and slot: when the item was last touched, nanoseconds; -1: free. */
  readonly seenNs: Float64Array;
  /** Per way: when it was taken. */
  readonly firstNs: Float64Array;
  /** Per way: the last touch. */
  readonly lastNs: Float64Array;
  readonly touches: Uint32Array;
  /** Per way: distinct items at the last change. */
  readonly distinct: Uint8Array;
  /** Per way: FREE, WATCHED or FOUND. */
  readonly state: Uint8Array;
  /** Pairs forgotten within their window because their set was full. */
  evicted = 0;
  readonly #keys: Uint32Array; // per way
  /** Words of a key that name its set. */
  readonly #hashed: number;
  readonly #sets: number;
  readonly #seed: number;

  /**
   * @param ways a power of two, at least WAYS
   * @param slots items per way
   * @param hosts each victim is a host of its own
   */
  constructor(ways: number, slots: number, seed: number, hosts: boolean) {
    this.slots = slots;
    this.#hashed = hosts ? KEY_WORDS : SOURCE_WORDS;
    this.items = new Uint16Array(ways * slots);
    this.seenNs = new Float64Array(ways * slots).fill(-1);
    this.firstNs = new Float64Array(ways);
    this.lastNs = new Float64Array(ways);
    this.touches = new Uint32Array(ways);
    this.distinct = new Uint8Array(ways);
    this.state = new Uint8Array(ways);
    this.#keys = new Uint32Array(ways * KEY_WORDS);
    this.#sets = ways / WAYS;
    this.#seed = seed | 0;
  }

  /** The way of a key, or -1. @param pair KEY_WORDS words, of which the first 4 are the source */
  find(pair: Uint32Array): number {
    const first = this.#setOf(pair);
    for (let way = first; way < first + WAYS; way++) {
      if (this.state[way] !== FREE && this.#holds(way, pair)) return way;
    }
    return -1;
  }

  /**
   * Takes a way for a pair that has none: a free one, else one that was quiet for a window, else that of the least
   * suspicious and oldest pair of the set.
   */
  take(pair: Uint32Array, nowNs: number, windowNs: number): number {
    const first = this.#setOf(pair);
    let way = first;
    for (let other = first + 1; other < first + WAYS; other++) {
      if (this.#isLessWorth(other, way, nowNs, windowNs)) way = other;
    }
    if (this.#worth(way, nowNs, windowNs) > QUIET) this.evicted++;
    this.#keys.set(pair, way * KEY_WORDS);
    this.seenNs.fill(-1, way * this.slots, (way + 1) * this.slots);
    this.firstNs[way] = nowNs;
    this.lastNs[way] = nowNs;
    this.touches[way] = 0;
    return way;
  }

  #isLessWorth(a: number, b: number, nowNs: number, windowNs: number): boolean {
    const worthA = this.#worth(a, nowNs, windowNs);
    const worthB = this.#worth(b, nowNs, windowNs);
    return worthA === worthB
      ? worthA > QUIET && this.lastNs[a]! < this.lastNs[b]!
      : worthA < worthB;
  }

  /** Of being kept: free, quiet, or by its ports. */
  #worth(way: number, nowNs: number, windowNs: number): number {
    if (this.state[way] === FREE) return FREE;
    return nowNs - this.lastNs[way]! > windowNs ? QUIET : QUIET + this.distinct[way]!;
  }

  #holds(way: number, pair: Uint32Array): boolean {
    const at = way * KEY_WORDS;
    for (let i = 0; i < KEY_WORDS; i++) if (this.#keys[at + i] !== pair[i]) return false;
    return true;
  }

  #setOf(pair: Uint32Array): number {
    let h = this.#seed;
    for (let i = 0; i < this.#hashed; i++) {
      h = Math.imul(h ^ pair[i]!, 0x9e3779b1);
      h ^= h >>> 15;
    }
    h = Math.imul(h ^ this.#seed, 0x85ebca77);
    h ^= h >>> 13;
    return (h & (this.#sets - 1)) * WAYS;
  }
}

/** Words of a key: a source, a victim (zero for a scan over victims), and what is counted. */
export const KEY_WORDS = 9;
const SOURCE_WORDS = 4;
export const WAYS = 4;
export const FREE = 0;
/** Its ports are being counted. */
export const WATCHED = 1;
/** A verdict was given; none again before it was quiet. */
export const FOUND = 2;

const QUIET = 1;
