/** Closed ports kept of each source; a verdict can tell no more. */
export const PORTS_KEPT = 16;

/**
 * Which distinct ports of this host each source failed on lately, in sets of four ways by a seeded hash of the source;
 * IPv6 sources by their /64. A full set forgets the source with the fewest ports, and of these the one that was silent
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
  readonly #addresses: Uint32Array; // per way: 4 words
  readonly #ports: Uint16Array; // per way and place
  readonly #seenSeconds: Uint32Array; // per way and place; 0: free
  readonly #lastSeconds: Uint32Array; // per way; 0: free
  readonly #tellAt: Uint16Array; // per way
  readonly #sets: number;
  readonly #seed: number;
  readonly #windowSeconds: number;
  readonly #key: Uint32Array = new Uint32Array(4);

  constructor(sources: number, seed: number, windowNs: number) {
    this.distinct = new Uint16Array(sources);
    this.successes = new Uint16Array(sources);
    this.firstNs = new Float64Array(sources);
    this.#addresses = new Uint32Array(sources * 4);
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
   * @param src where its address is, in words
   * @returns its way when the port is new, else -1
   */
  failed(words: Uint32Array, src: number, port: number, nowNs: number): number {
    const now = Math.max(1, Math.floor(nowNs / 1e9));
    this.#readKey(words, src);
    let way = this.#find(now);
    if (way < 0) way = this.#take(now, nowNs);
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
  succeeded(words: Uint32Array, src: number, nowNs: number): void {
    this.#readKey(words, src);
    const way = this.#find(Math.max(1, Math.floor(nowNs / 1e9)));
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

  #readKey(words: Uint32Array, src: number): void {
    for (let i = 0; i < 4; i++) this.#key[i] = words[src + i]!;
    const mapped = this.#key[0] === 0 && this.#key[1] === 0 && this.#key[2] === MAPPED_WORD;
    if (!mapped) this.#key[2] = this.#key[3] = 0;
  }

  #find(now: number): number {
    const first = this.#setOf();
    for (let way = first; way < first + WAYS; way++)
      if (this.#isLive(this.#lastSeconds[way]!, now) && this.#holds(way)) return way;
    return -1;
  }

  #take(now: number, nowNs: number): number {
    const first = this.#setOf();
    let way = first;
    for (let other = first; other < first + WAYS; other++)
      if (this.#worth(other, now) < this.#worth(way, now)) way = other;
    if (this.#isLive(this.#lastSeconds[way]!, now)) this.evicted++;
    this.#addresses.set(this.#key, way * 4);
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

  #holds(way: number): boolean {
    for (let i = 0; i < 4; i++) if (this.#addresses[way * 4 + i] !== this.#key[i]) return false;
    return true;
  }

  #setOf(): number {
    let h = this.#seed;
    for (let i = 0; i < 4; i++) {
      h = Math.imul(h ^ this.#key[i]!, 0x9e3779b1);
      h ^= h >>> 15;
    }
    return ((h ^ (h >>> 13)) & (this.#sets - 1)) * WAYS;
  }
}

const WAYS = 4;
const MAPPED_WORD = 0xffff0000; // ::ffff:0:0, third word, little-endian
