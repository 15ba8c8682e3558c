/** Closed ports kept of each source; a verdict can tell no more. */
export const PORTS_KEPT = 16;

/** Words of a key: a source and, where each victim is a host of its own, that; else zero. */
export const FAILURE_KEY = 8;

/**
 * Which distinct ports each source failed on lately, in sets of four ways by a seeded hash of the key. A full set forgets the source with the fewest ports, and of these the one that was silent
 * for longest, so that a flood of sources with one failure each can't displace one with several.
 */
export class FailureTable {
  /** Per source: distinct ports since it is known, those that are no longer kept included; at most 65,535. */
  readonly distinct: Uint16Array;
  /** Per source: handshakes completed, at most 65,535. */
  readonly successes: Uint16Array;
  /** Per source: the first failure that counts. */
  readonly firstNs: Float64Array;
  /** Sources forgotten although something of theirs still counted. */
  evicted = 0;
  readonly #keys: Uint32Array; // per way
  readonly #ports: Uint16Array; // per way and place
  readonly #seenSeconds: Uint32Array; // per way and place; 0: free
  readonly #lastSeconds: Uint32Array; // per way; 0: free
  readonly #tellAt: Uint16Array; // per way
  readonly #sets: number;
  readonly #seed: number;
  readonly #windowSeconds: number;

  constructor(sources: number, seed: number, windowNs: number) {
    this.distinct = new Uint16Array(sources);
    this.successes = new Uint16Array(sources);
    this.firstNs = new Float64Array(sources);
    this.#keys = new Uint32Array(sources * FAILURE_KEY);
    this.#ports = new Uint16Array(sources * PORTS_KEPT);
    this.#seenSeconds = new Uint32Array(sources * PORTS_KEPT);
    this.#lastSeconds = new Uint32Array(sources);
    this.#tellAt = new Uint16Array(sources);
    this.#sets = sources / WAYS;
    this.#seed = seed | 0;
    this.#windowSeconds = windowNs / 1e9;
  }

  /**
   * A source failed on a port.
   * @param key of FAILURE_KEY words
   * @returns its way when the port is new, else -1
   */
  failed(key: Uint32Array, port: number, nowNs: number): number {
    const now = Math.max(1, Math.floor(nowNs / 1e9));
    let way = this.#find(key, now);
    if (way < 0) way = this.#take(key, now, nowNs);
    this.#lastSeconds[way] = now;
    const from = way * PORTS_KEPT;
    let place = from;
    for (let i = from; i < from + PORTS_KEPT; i++) {
      if (this.#ports[i] === port && this.#isLive(this.#seenSeconds[i]!, now)) {
        this.#seenSeconds[i] = now;
        return -1;
      }
      if (this.#seenSeconds[i]! < this.#seenSeconds[place]!) place = i;
    }
    this.#ports[place] = port;
    this.#seenSeconds[place] = now;
    if (this.distinct[way]! < 0xffff) this.distinct[way]!++;
    return way;
  }

  /** A source completed a handshake. Only those that have failed are remembered. */
  succeeded(key: Uint32Array, nowNs: number): void {
    const way = this.#find(key, Math.max(1, Math.floor(nowNs / 1e9)));
    if (way >= 0 && this.successes[way]! < 0xffff) this.successes[way]!++;
  }

  /** Is this source to be told: at `ports` distinct ones within the window, again whenever all of them have doubled? */
  isDue(way: number, ports: number): boolean {
    const distinct = this.distinct[way]!;
    if (this.#live(way) < ports || distinct < this.#tellAt[way]!) return false;
    if (this.successes[way]! >= distinct) return false;
    this.#tellAt[way] = Math.min(2 * distinct, 0xffff);
    return true;
  }

  /** Writes the ports that are kept of a source; how many there are. */
  ports(way: number, to: Uint16Array, at: number, most: number): number {
    let count = 0;
    for (let i = way * PORTS_KEPT; i < (way + 1) * PORTS_KEPT && count < most; i++)
      if (this.#seenSeconds[i] !== 0) to[at + count++] = this.#ports[i]!;
    return count;
  }

  /** Ports of a source that still count. */
  #live(way: number): number {
    const now = this.#lastSeconds[way]!;
    let live = 0;
    for (let i = way * PORTS_KEPT; i < (way + 1) * PORTS_KEPT; i++)
      if (this.#isLive(this.#seenSeconds[i]!, now)) live++;
    return live;
  }

  #isLive(seconds: number, now: number): boolean {
    return seconds !== 0 && now - seconds <= this.#windowSeconds;
  }

  #find(key: Uint32Array, now: number): number {
    const first = this.#setOf(key);
    for (let way = first; way < first + WAYS; way++)
      if (this.#isLive(this.#lastSeconds[way]!, now) && this.#holds(way, key)) return way;
    return -1;
  }

  #take(key: Uint32Array, now: number, nowNs: number): number {
    const first = this.#setOf(key);
    let way = first;
    for (let other = first; other < first + WAYS; other++)
      if (this.#worth(other, now) < this.#worth(way, now)) way = other;
    if (this.#isLive(this.#lastSeconds[way]!, now)) this.evicted++;
    this.#keys.set(key, way * FAILURE_KEY);
    this.#seenSeconds.fill(0, way * PORTS_KEPT, (way + 1) * PORTS_KEPT);
    this.distinct[way] = 0;
    this.successes[way] = 0;
    this.#tellAt[way] = 0;
    this.firstNs[way] = nowNs;
    return way;
  }

  /** Of being kept: ports first, then how lately. */
  #worth(way: number, now: number): number {
    const last = this.#lastSeconds[way]!;
    return this.#isLive(last, now) ? this.distinct[way]! * 2 ** 32 + last : 0;
  }

  #holds(way: number, key: Uint32Array): boolean {
    const at = way * FAILURE_KEY;
    for (let i = 0; i < FAILURE_KEY; i++) if (this.#keys[at + i] !== key[i]) return false;
    return true;
  }

  #setOf(key: Uint32Array): number {
    let h = this.#seed;
    for (let i = 0; i < FAILURE_KEY; i++) {
      h = Math.imul(h ^ key[i]!, 0x9e3779b1);
      h ^= h >>> 15;
    }
    return ((h ^ (h >>> 13)) & (this.#sets - 1)) * WAYS;
  }
}

const WAYS = 4;
