import { FOUND, PairTable, WATCHED } from './pair-table.ts';

/** Items that a verdict can name. */
const MOST_ITEMS = 16;

export interface DistinctOptions {
  /** Keys remembered at once: a power of two, at least 4. */
  readonly sources: number;
  /** Items remembered of each, 1 to 15; no limit is higher. */
  readonly slots: number;
  /** An item counts until it was not touched for so long, nanoseconds. */
  readonly windowNs: number;
  /** Judge what came to any address, as for files, of which nobody knows whose they are; else what came to this host. */
  readonly everywhere: boolean;
  /** 32 random bits, chosen at start: they keep a peer from aiming at one set of the table. */
  readonly seed: number;
}

/**
 * Says when more than T distinct items (ports of one address, or addresses) of a key were touched within the window.
 * The window slides: an item counts until it was last touched longer ago than the window. The T items touched last
 * decide that exactly, so no more are kept. Once it was said, it is not said again for the same key until fewer than T
 * items count. The same as bpf/rule.h; test/contract/reference-rule.ts holds them together.
 *
 * **Invariant:** it never reads a clock.
 */
export class DistinctItems {
  /** After a touch that was said: the items within the window, this one included; until the next touch. */
  readonly items: Uint16Array = new Uint16Array(MOST_ITEMS);
  count = 0;
  /** How often it touched something, and since when. */
  touches = 0;
  firstNs = 0;
  readonly #table: PairTable;
  readonly #windowNs: number;

  constructor({ sources, slots, windowNs, everywhere, seed }: DistinctOptions) {
    this.#table = new PairTable(sources, slots, seed, everywhere);
    this.#windowNs = windowNs;
  }

  /** Keys forgotten within their window because the table was full. */
  get evicted(): number {
    return this.#table.evicted;
  }

  /**
   * Takes a touch; true: more than `limit` distinct items are within the window now, which was not said before.
   * @param key of KEY_WORDS words
   */
  touch(key: Uint32Array, item: number, limit: number, nowNs: number): boolean {
    const table = this.#table;
    let way = table.find(key);
    if (way < 0) {
      way = table.take(key, nowNs, this.#windowNs);
      table.state[way] = WATCHED;
    } else if (this.#refresh(way, item, nowNs)) {
      return false;
    }
    table.touches[way]!++;
    table.lastNs[way] = Math.max(table.lastNs[way]!, nowNs);
    return this.#newItem(way, item, limit, nowNs);
  }

  /** True when the item counts already. */
  #refresh(way: number, item: number, nowNs: number): boolean {
    const table = this.#table;
    const end = (way + 1) * table.slots;
    for (let slot = way * table.slots; slot < end; slot++) {
      if (table.items[slot] !== item || !this.#isLive(slot, nowNs)) continue;
      table.seenNs[slot] = Math.max(table.seenNs[slot]!, nowNs);
      table.lastNs[way] = Math.max(table.lastNs[way]!, nowNs);
      table.touches[way]!++;
      return true;
    }
    return false;
  }

  #newItem(way: number, item: number, limit: number, nowNs: number): boolean {
    const table = this.#table;
    const start = way * table.slots;
    let live = 0;
    let place = -1;
    let oldest = start;
    for (let slot = start; slot < start + table.slots; slot++) {
      if (!this.#isLive(slot, nowNs)) {
        place = slot;
        continue;
      }
      if (live === 0 || table.seenNs[slot]! < table.seenNs[oldest]!) oldest = slot;
      this.items[live++] = table.items[slot]!;
    }
    const crosses = live >= limit;
    const isNews = crosses && table.state[way] !== FOUND;
    if (isNews) this.#found(way, item, live);
    const slot = crosses ? oldest : place;
    table.items[slot] = item;
    table.seenNs[slot] = nowNs;
    table.state[way] = crosses ? FOUND : WATCHED;
    table.distinct[way] = live + 1;
    return isNews;
  }

  #found(way: number, item: number, live: number): void {
    this.items[live] = item;
    this.count = live + 1;
    this.touches = this.#table.touches[way]!;
    this.firstNs = this.#table.firstNs[way]!;
  }

  /** A record may be a little older than one before it; its items count all the same. */
  #isLive(slot: number, nowNs: number): boolean {
    const seenNs = this.#table.seenNs[slot]!;
    return seenNs >= 0 && nowNs - seenNs <= this.#windowNs;
  }
}
