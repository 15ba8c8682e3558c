import * as bpf from './bpf.ts';
import type { Generation } from './generation.ts';
import { Nets } from './nets.ts';
import { NeverList, Origin } from './never.ts';
import type { Requests } from './requests.ts';
import { Ring } from './ring.ts';
import { TableView } from './table.ts';
import type { Way } from './table-way.ts';
import { errorText } from '../model/errors.ts';

/** Where blocks are carried to. */
export interface Target {
  readonly maps: Generation;
  readonly table: TableView;
  readonly nets: Nets;
  readonly never: NeverList;
  readonly requests: Requests;
}

/** What became of the blocks of other maps. */
export interface Carried {
  readonly blocks: number;
  /** They end, and why. */
  readonly lost: readonly { readonly blocks: number; readonly why: string }[];
  /** Records that nobody had read, and that nobody can. */
  readonly records: number;
  /** Generations of which not even the blocks can be counted. */
  readonly unreadable: number;
}

const RINGS = ['pw_attempts', 'pw_events'] as const;

/**
 * Carries blocks from maps of another layout: all of them while the old guard is in force, and when the new one is,
 * those that came meanwhile. A block holds throughout: where the old guard lets go of a packet, the new one has it.
 */
export class Carry {
  readonly #target: Target;
  readonly #from: { readonly maps: Generation; seen: Map<string, Way> | undefined }[];
  readonly #lost = new Map<Generation, string>();
  #blocks = 0;

  constructor(others: readonly Generation[], target: Target) {
    this.#target = target;
    this.#from = others.map((maps) => ({ maps, seen: undefined }));
  }

  /** The first time all, then what is new. */
  carry(nowNs: number): void {
    for (const from of this.#from) {
      if (this.#lost.has(from.maps)) continue;
      try {
        if (!from.maps.layout.understood) throw new Error('it gives the words another meaning');
        if (!this.#isSame(from.maps, 'pw_sets')) this.#table(from, nowNs);
        if (from.maps.has('pw_never') && !this.#isSame(from.maps, 'pw_never'))
          this.#allowed(from.maps);
      } catch (error) {
        this.#lost.set(from.maps, errorText(error));
      }
    }
  }

  /** What came of it, once the old guard is gone. */
  result(): Omit<Carried, 'unreadable'> {
    const lost = [...this.#lost].map(([maps, why]) => ({ blocks: countOf(maps), why }));
    const rings = this.#from.flatMap(({ maps }) => RINGS.map((name) => [maps, name] as const));
    const records = rings
      .filter(([maps, name]) => maps.has(name) && !this.#isSame(maps, name))
      .reduce((sum, [maps, name]) => sum + recordsIn(maps, name), 0);
    return { blocks: this.#blocks, lost: lost.filter(({ blocks }) => blocks > 0), records };
  }

  #table(from: { readonly maps: Generation; seen: Map<string, Way> | undefined }, nowNs: number) {
    const { requests, nets } = this.#target;
    const table = new TableView(from.maps);
    try {
      const now = byKey(table.blocks(nowNs).active);
      const there = byKey(this.#target.table.blocks(nowNs).active);
      for (const [key, block] of now) {
        const before = from.seen?.get(key);
        // Where an interrupted swap left it in both, nobody knows which packets are counted twice.
        const known = before?.hits ?? there.get(key)?.hits ?? 0;
        if (requests.keep(block, Math.max(0, block.hits - known), nowNs) === 'done' && !before)
          this.#blocks++;
      }
      for (const [key, block] of from.seen ?? [])
        if (!now.has(key) && block.untilNs > nowNs) requests.unblock(block.source);
      for (const net of new Nets(from.maps, requests).list(nowNs).active)
        if (nets.keep(net) === 'done' && !from.seen) this.#blocks++;
      from.seen = now;
    } finally {
      table.stop();
    }
  }

  #allowed(maps: Generation): void {
    const { never } = this.#target;
    for (const entry of new NeverList(maps.fd('pw_never')).list())
      if ((entry.origin & Origin.user) !== 0) never.allow(entry);
  }

  /** Have both this very map? */
  #isSame(maps: Generation, name: string): boolean {
    return bpf.mapId(maps.fd(name)) === bpf.mapId(this.#target.maps.fd(name));
  }
}

function byKey(blocks: readonly Way[]): Map<string, Way> {
  return new Map(blocks.map((block) => [block.source.join(), block]));
}

/** Blocks in maps that can't be read, as far as even that can be told. */
function countOf(maps: Generation): number {
  const value = maps.has('pw_shared') ? maps.first('pw_shared') : Buffer.alloc(0);
  return ['blocks', 'nets'].reduce((sum, name) => {
    const at = maps.layout.find('pw_shared', name)?.at ?? value.length;
    return at + 4 <= value.length ? sum + value.readUInt32LE(at) : sum;
  }, 0);
}

function recordsIn(maps: Generation, name: string): number {
  const ring = new Ring(maps.fd(name), maps.shape(name).entries);
  do {
    ring.collect();
    ring.release(ring.count);
  } while (ring.more && ring.count > 0);
  ring.stop();
  return ring.records;
}
