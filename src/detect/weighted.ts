import { Weight } from '../wire/layout.gen.ts';
import { Became } from './evidence.ts';
import {
  addScore,
  credit,
  decayed,
  isConfirmed,
  isTrusted,
  ripen,
  unitsOf,
  worthOf,
} from './score.ts';
import { Fate, ScoreTable, SLOTS, WAYS, WayState } from './score-table.ts';

/** What the rule found of a source; one object for all verdicts. */
export interface Found {
  /** Over several victims rather than over ports of one. */
  horizontal: boolean;
  /** Distinct ports of the pair within the window, `count` of them. */
  readonly ports: Uint16Array;
  count: number;
  hits: number;
  firstNs: number;
  /** 1/256 nat. */
  score: number;
  closed: number;
  silent: number;
  half: number;
  opened: number;
  hosts: number;
  trusted: boolean;
  confirmed: boolean;
}

export interface WeightedOptions {
  /** Pairs of source and victim remembered at once: a power of two, at least 4. */
  readonly sources: number;
  /** A port that was touched so lately is no new one, nanoseconds. */
  readonly windowNs: number;
  /** 32 random bits, chosen at start: they keep a peer from aiming at one set of the table. */
  readonly seed: number;
}

/**
 * The weighted rule, by what became of each new port that a source touched; bpf/score.h says what it rests on. The same
 * as pw_judge and pw_judge_outcome of bpf/rule.h do: test/kernel/packet-rules.test.ts gives the same packets to both.
 *
 * **Invariant:** it never reads a clock.
 */
export class WeightedRule {
  readonly found: Found = {
    horizontal: false,
    ports: new Uint16Array(SLOTS + 1),
    count: 0,
    hits: 0,
    firstNs: 0,
    score: 0,
    closed: 0,
    silent: 0,
    half: 0,
    opened: 0,
    hosts: 0,
    trusted: false,
    confirmed: false,
  };
  readonly #table: ScoreTable;
  readonly #windowNs: number;
  /** Of the last look: the slot of the port or -1, one that is free or -1, the oldest. */
  #known = -1;
  #free = -1;
  #oldest = 0;

  constructor({ sources, windowNs, seed }: WeightedOptions) {
    this.#table = new ScoreTable(sources, seed);
    this.#windowNs = windowNs;
  }

  get evicted(): number {
    return this.#table.evicted;
  }

  isTrusted(key: Uint32Array, nowNs: number): boolean {
    return isTrusted(this.#table, key, unitsOf(nowNs));
  }

  /** A source sent a SYN to a port of a victim; true: it scans, which was not said before. @param key source, victim */
  touch(key: Uint32Array, port: number, nowNs: number): boolean {
    const table = this.#table;
    const way = table.find(key);
    if (way < 0) return this.#newPair(key, port, nowNs);
    table.hits[way]!++;
    this.#look(way, port, nowNs);
    if (this.#known >= 0) {
      this.#refresh(way, nowNs);
      return false;
    }
    const { found } = this;
    found.ports[found.count++] = port;
    ripen(table, way, this.#windowNs, nowNs);
    this.#put(this.#free >= 0 ? this.#free : this.#oldest, port, nowNs);
    addScore(table, way, Weight.YOUNG, unitsOf(nowNs));
    table.silent[way] = Math.min(MOST, table.silent[way]! + 1);
    return this.#weigh(way, key, nowNs);
  }

  /** Something became of its SYN to a port; true as of `touch`. */
  became(what: Became, key: Uint32Array, port: number, nowNs: number): boolean {
    const table = this.#table;
    const way = table.find(key);
    if (way < 0) return false;
    const now = unitsOf(nowNs);
    this.#look(way, port, nowNs);
    const slot = this.#known;
    const before = slot >= 0 ? table.fates[slot]! : Fate.counted;
    if (what === Became.opened) {
      credit(table, way, now);
      addScore(table, way, -Weight.OPENED, now);
      // a flood of others must not make it forgotten
      table.worth[way] = worthOf(table, way, this.found.count);
      table.untilNs[way] = nowNs + this.#windowNs;
    }
    if (before === Fate.pending) {
      addScore(table, way, -Weight.YOUNG, now);
      if (table.silent[way]! > 0) table.silent[way]!--;
    }
    if (what === Became.closed || what === Became.halfOpen)
      return this.#counts(way, slot, before, what, key, nowNs);
    if (slot >= 0 && before !== Fate.counted)
      table.fates[slot] = what === Became.opened ? Fate.opened : Fate.answered;
    return false;
  }

  #counts(
    way: number,
    slot: number,
    before: number,
    what: Became,
    key: Uint32Array,
    nowNs: number,
  ): boolean {
    const table = this.#table;
    const isHalf = what === Became.halfOpen;
    if (before !== (isHalf ? Fate.answered : Fate.pending)) return false;
    // load balancers check services so
    if (isHalf && this.found.count !== 1 && table.closed[way] === 0 && table.silent[way] === 0)
      return false;
    const counter = isHalf ? table.half : table.closed;
    counter[way] = Math.min(MOST, counter[way]! + 1);
    addScore(table, way, isHalf ? Weight.HALF : Weight.CLOSED, unitsOf(nowNs));
    table.fates[slot] = Fate.counted;
    return this.#weigh(way, key, nowNs);
  }

  /** The first sight of this source and victim. */
  #newPair(key: Uint32Array, port: number, nowNs: number): boolean {
    const table = this.#table;
    const way = table.victim(key, nowNs);
    // a source that displaces itself keeps what it did
    const isOwn = table.isOf(way, key) && table.untilNs[way]! > nowNs;
    const carried = isOwn ? Math.max(0, decayed(table, way, unitsOf(nowNs))) : 0;
    const hosts = isOwn ? table.hosts[way]! : 0;
    if (!isOwn) {
      table.trust[way] = 0;
      table.trustedAt[way] = 0;
    }
    table.take(way, key, nowNs);
    table.hits[way] = 1;
    table.value[way] = carried + Weight.YOUNG;
    table.at[way] = unitsOf(nowNs);
    table.hosts[way] = Math.min(MOST, hosts + 1);
    table.silent[way] = 1;
    table.untilNs[way] = nowNs + this.#windowNs;
    this.#put(way * SLOTS, port, nowNs);
    this.found.ports[0] = port;
    this.found.count = 1;
    return this.#weigh(way, key, nowNs);
  }

  /** Has the score crossed? `found` holds the live ports of the pair. */
  #weigh(way: number, key: Uint32Array, nowNs: number): boolean {
    const table = this.#table;
    const now = unitsOf(nowNs);
    const score = this.#scoreOf(way, key, nowNs);
    const state = table.state[way]!;
    table.untilNs[way] = nowNs + this.#windowNs;
    if (score < Weight.SCAN) {
      if (score <= Weight.SCAN / 2) table.state[way] = WayState.watched;
      table.worth[way] = worthOf(table, way, this.found.count);
      return false;
    }
    table.state[way] = WayState.found;
    table.worth[way] = SLOTS;
    if (state === WayState.found) return false;
    const { found } = this;
    found.horizontal = found.hosts > 2 && decayed(table, way, now) < Weight.SCAN;
    found.score = score;
    found.hits = table.hits[way]!;
    found.firstNs = table.firstNs[way]!;
    found.closed = table.closed[way]!;
    found.silent = table.silent[way]!;
    found.half = table.half[way]!;
    found.opened = table.opened[way]!;
    found.trusted = isTrusted(table, key, now);
    found.confirmed = isConfirmed(table, way);
    return true;
  }

  /** The score of a way alone, or all positive ones of its source together, whichever is higher; counts the victims. */
  #scoreOf(way: number, key: Uint32Array, nowNs: number): number {
    const table = this.#table;
    const now = unitsOf(nowNs);
    const first = table.setOf(key);
    let own = 0;
    let all = 0;
    let hosts = 0;
    for (let other = first; other < first + WAYS; other++) {
      if (table.untilNs[other]! <= nowNs || !table.isOf(other, key)) continue;
      const value = decayed(table, other, now);
      if (other === way) own = value;
      if (value <= 0) continue;
      all += value;
      hosts += table.hosts[other]!;
    }
    this.found.hosts = hosts;
    return Math.max(own, all);
  }

  /** Looks at every port of a pair; `found` gets those that count. */
  #look(way: number, port: number, nowNs: number): void {
    const table = this.#table;
    this.found.count = 0;
    this.#known = -1;
    this.#free = -1;
    this.#oldest = way * SLOTS;
    let oldestNs = Infinity;
    for (let slot = way * SLOTS; slot < (way + 1) * SLOTS; slot++) {
      const seenNs = table.seenNs[slot]!;
      if (seenNs < 0 || nowNs - seenNs > this.#windowNs) {
        this.#free = slot;
        continue;
      }
      if (table.ports[slot] === port) this.#known = slot;
      this.found.ports[this.found.count++] = table.ports[slot]!;
      if (seenNs >= oldestNs) continue;
      oldestNs = seenNs;
      this.#oldest = slot;
    }
  }

  /** A port that is known is touched again. */
  #refresh(way: number, nowNs: number): void {
    const table = this.#table;
    table.seenNs[this.#known] = Math.max(table.seenNs[this.#known]!, nowNs);
    table.untilNs[way] = Math.max(table.untilNs[way]!, nowNs + this.#windowNs);
  }

  #put(slot: number, port: number, nowNs: number): void {
    this.#table.ports[slot] = port;
    this.#table.seenNs[slot] = nowNs;
    this.#table.fates[slot] = Fate.pending;
  }
}

const MOST = 0xffff;
