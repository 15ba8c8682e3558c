import * as bpf from './bpf.ts';
import type { Mapping } from './libc.ts';
import type { Generation } from './generation.ts';
import { untilNs, WAY, type Way, WayLayout, WayState } from './table-way.ts';

const WAY_WORDS = WAY.bytes >> 2;

/** The kernel's one table, read through its mapping: a set is taken when its lock was free and unchanged meanwhile. */
export class TableView {
  readonly #mapping: Mapping;
  readonly #shared: Mapping;
  readonly #blockCount: Int32Array;
  readonly #moresFd: number;
  readonly #bytes: DataView;
  readonly #locks: Int32Array;
  readonly #setBytes: number;
  readonly #sets: number;
  readonly #layout: WayLayout;

  /** Throws Error when the layout lacks what a block needs. */
  constructor(maps: Generation) {
    this.#layout = new WayLayout(maps.layout);
    const { value, entries } = maps.shape('pw_sets');
    this.#moresFd = maps.fd('pw_mores');
    this.#mapping = maps.map('pw_sets');
    this.#shared = maps.map('pw_shared');
    const { at } = maps.layout.place('pw_shared', 'blocks');
    this.#blockCount = new Int32Array(this.#shared.buffer, at, 1);
    this.#bytes = new DataView(this.#mapping.buffer);
    this.#locks = new Int32Array(this.#mapping.buffer);
    this.#setBytes = value;
    this.#sets = entries;
  }

  /** Blocks, and those of them whose time is over but which still take a place. */
  blocks(nowNs: number): { active: Way[]; expired: Way[] } {
    const active: Way[] = [];
    const expired: Way[] = [];
    if (Atomics.load(this.#blockCount, 0) === 0) return { active, expired };
    for (const way of this.#ways(isBlocked, nowNs))
      (way.untilNs > nowNs ? active : expired).push(way);
    return { active, expired };
  }

  /** All that is known of a source: its block, and what it did to each of our addresses, as long as that counts. */
  of(source: Uint8Array, nowNs: number): Way[] {
    const isIts = (state: number, base: number, way: number): boolean =>
      state !== WayState.free && isOf(this.#layout.source(this.#bytes, base, way), source);
    return this.#ways(isIts, nowNs).filter((way) => way.untilNs > nowNs);
  }

  /** Ways in use, and how many of them are blocks in force; walks the whole table. */
  occupancy(nowNs: number): { used: number; blocks: number; capacity: number } {
    const words = this.#locks;
    const { way: firstWay, ways } = this.#layout.set;
    const first = firstWay >> 2;
    const stride = this.#setBytes >> 2;
    let used = 0;
    let blocks = 0;
    for (let set = first; set < words.length; set += stride)
      for (let way = set; way < set + WAY_WORDS * ways; way += WAY_WORDS) {
        const high = words[way + 1]!; // 16 bits of the end, ports, state
        const state = high >>> 24;
        if (state === WayState.free) continue;
        used++;
        if (state !== WayState.blocked) continue;
        if (untilNs((words[way]! >>> 16) | (high << 16), nowNs) > nowNs) blocks++;
      }
    return { used, blocks, capacity: this.#sets * ways };
  }

  stop(): void {
    this.#mapping.unmap();
    this.#shared.unmap();
  }

  #consistent<T>(base: number, read: () => T): T {
    const at = (base + this.#layout.set.lock) >> 2;
    for (let tries = 0; ; tries++) {
      const before = Atomics.load(this.#locks, at);
      const result = read();
      const after = Atomics.load(this.#locks, at);
      if ((before === after && !(before & 1)) || tries > 1000) return result;
    }
  }

  /** The ways that are wanted, by what the mapping shows: only of these the rest is asked for. */
  #ways(wanted: (state: number, base: number, way: number) => boolean, nowNs: number): Way[] {
    const found: Way[] = [];
    const { ways } = this.#layout.set;
    for (let set = 0; set < this.#sets; set++) {
      const base = set * this.#setBytes;
      for (let way = 0; way < ways; way++) {
        if (!wanted(this.#stateOf(base, way), base, way)) continue;
        const read = this.#consistent(base, () =>
          wanted(this.#stateOf(base, way), base, way)
            ? this.#layout.read(this.#bytes, base, way, this.#moreOf(set * ways + way), nowNs)
            : undefined,
        );
        if (read) found.push(read);
      }
    }
    return found;
  }

  #stateOf(base: number, way: number): number {
    return this.#bytes.getUint8(base + this.#layout.set.way + way * WAY.bytes + WAY.state);
  }

  /** Not mapped: it is wanted for blocks only, and a mapping of it would be resident as a whole. */
  #moreOf(place: number): DataView {
    const key = Buffer.alloc(128);
    key.writeUInt32LE(place);
    const value = new Uint8Array(this.#layout.moreBytes);
    bpf.lookupElement(this.#moresFd, key, value);
    return new DataView(value.buffer);
  }
}

const isBlocked = (state: number): boolean => state === WayState.blocked;

/** Is this address the source of a way, or in its prefix? */
function isOf(source: Uint8Array, address: Uint8Array): boolean {
  const whole = source.every((byte, i) => byte === address[i]);
  const prefix = source.subarray(8).every((byte) => byte === 0);
  return whole || (prefix && source.subarray(0, 8).every((byte, i) => byte === address[i]));
}
