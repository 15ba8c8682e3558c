import type { Mapping } from './libc.ts';
import type { Maps } from './maps.ts';
import type { BpfObject } from './object.ts';
import { TICK_NS } from './options.ts';

const WAYS = 4;
/** Of a way: in its slot, and in all. */
const SLOT_PORTS = 3;
const PORTS = 15;
const FREE = 0;
const BLOCKED = 3;
/** struct pw_way: tag, state, ports, when. */
const WAY = { bytes: 8, state: 2, ports: 3, when: 4 } as const;
/** 2^26 ns: the unit of a way's `when`. */
const WHEN_NS = TICK_NS * 65536;

export type BlockReason = 'scan' | 'user';

/** One block that is in force. */
export interface Block {
  /** 16 bytes, IPv4 as ::ffff:a.b.c.d; an IPv6 source masked to its judged prefix. */
  readonly source: Uint8Array;
  /** As last seen, in full. */
  readonly fullSource: Uint8Array;
  readonly victim: Uint8Array;
  readonly reason: BlockReason;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly untilNs: number;
  /** Packets dropped. */
  readonly drops: number;
  /** Ports that gave the verdict; empty for a user's block. */
  readonly ports: number[];
}

/** The kernel's one table, read through its mapping: a set is taken when its lock was free and unchanged meanwhile. */
export class TableView {
  readonly #mappings: Mapping[];
  readonly #bytes: DataView;
  readonly #mores: DataView;
  readonly #locks: Int32Array;
  readonly #setBytes: number;
  readonly #sets: number;
  readonly #set: { way: number; hits: number; slot: number };
  readonly #slot: { bytes: number; src: number; dst: number; port: number };
  readonly #more: { bytes: number; port: number; fullSrc: number; reason: number };

  constructor(maps: Maps, object: BpfObject) {
    const definition = maps.definition('pw_sets');
    const [sets, mores] = [maps.map('pw_sets'), maps.map('pw_mores')];
    this.#mappings = [sets, mores];
    this.#bytes = new DataView(sets.buffer);
    this.#mores = new DataView(mores.buffer);
    this.#locks = new Int32Array(sets.buffer);
    this.#setBytes = definition.valueSize;
    this.#sets = definition.maxEntries;
    const offset = (struct: string, member: string): number => {
      const found = object.btf.members(object.btf.struct(struct)).find((m) => m.name === member);
      if (!found) throw new Error(`struct ${struct} has no ${member}`);
      return found.offset;
    };
    this.#set = {
      way: offset('pw_set', 'way'),
      hits: offset('pw_set', 'hits'),
      slot: offset('pw_set', 'slot'),
    };
    this.#slot = {
      bytes: object.btf.struct('pw_slot').sizeOrType,
      src: offset('pw_slot', 'src'),
      dst: offset('pw_slot', 'dst'),
      port: offset('pw_slot', 'port'),
    };
    this.#more = {
      bytes: object.btf.struct('pw_more').sizeOrType,
      port: offset('pw_more', 'port'),
      fullSrc: offset('pw_more', 'full_src'),
      reason: offset('pw_more', 'reason'),
    };
  }

  /** Blocks, and those of them whose time is over but which still take a place. */
  blocks(nowNs: number): { active: Block[]; expired: Block[] } {
    const active: Block[] = [];
    const expired: Block[] = [];
    for (let set = 0; set < this.#sets; set++) {
      const base = set * this.#setBytes;
      for (let way = 0; way < WAYS; way++) {
        if (this.#bytes.getUint8(base + this.#set.way + way * WAY.bytes + WAY.state) !== BLOCKED)
          continue;
        const block = this.#consistent(base, () => this.#block(base, way));
        if (block) (block.untilNs > nowNs ? active : expired).push(block);
      }
    }
    return { active, expired };
  }

  /** Ways in use. */
  occupancy(): { used: number; capacity: number } {
    let used = 0;
    for (let set = 0; set < this.#sets; set++)
      for (let way = 0; way < WAYS; way++)
        if (
          this.#bytes.getUint8(
            set * this.#setBytes + this.#set.way + way * WAY.bytes + WAY.state,
          ) !== FREE
        )
          used++;
    return { used, capacity: this.#sets * WAYS };
  }

  stop(): void {
    for (const mapping of this.#mappings) mapping.unmap();
  }

  #consistent<T>(base: number, read: () => T): T {
    for (let tries = 0; ; tries++) {
      const before = Atomics.load(this.#locks, base >> 2);
      const result = read();
      const after = Atomics.load(this.#locks, base >> 2);
      if ((before === after && !(before & 1)) || tries > 1000) return result;
    }
  }

  #block(base: number, way: number): Block | undefined {
    const at = base + this.#set.way + way * WAY.bytes;
    if (this.#bytes.getUint8(at + WAY.state) !== BLOCKED) return undefined;
    const place = (base / this.#setBytes) * WAYS + way;
    const slot = base + this.#set.slot + way * this.#slot.bytes;
    const more = place * this.#more.bytes;
    const ports = new Set<number>();
    for (let i = 0; i < PORTS; i++) {
      const entry =
        i < SLOT_PORTS
          ? this.#bytes.getBigUint64(slot + this.#slot.port + i * 8, true)
          : this.#mores.getBigUint64(more + this.#more.port + (i - SLOT_PORTS) * 8, true);
      if (entry !== 0n) ports.add(Number(entry & 0xffffn));
    }
    return {
      source: addressAt(this.#bytes, slot + this.#slot.src),
      fullSource: addressAt(this.#mores, more + this.#more.fullSrc),
      victim: addressAt(this.#bytes, slot + this.#slot.dst),
      reason: this.#mores.getUint32(more + this.#more.reason, true) === 2 ? 'user' : 'scan',
      untilNs: this.#bytes.getUint32(at + WAY.when, true) * WHEN_NS,
      drops: this.#bytes.getUint32(base + this.#set.hits + way * 4, true),
      ports: [...ports].sort((a, b) => a - b),
    };
  }
}

function addressAt(memory: DataView, at: number): Uint8Array {
  return new Uint8Array(memory.buffer.slice(at, at + 16));
}
