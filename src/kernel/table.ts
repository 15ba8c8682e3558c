import type { Mapping } from './libc.ts';
import type { Maps } from './maps.ts';
import type { BpfObject } from './object.ts';
import { TICK_NS } from './options.ts';

const WAYS = 4;
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
  readonly #mapping: Mapping;
  readonly #bytes: DataView;
  readonly #locks: Int32Array;
  readonly #setBytes: number;
  readonly #sets: number;
  readonly #set: { way: number; hits: number; slot: number };
  readonly #slot: { bytes: number; src: number; dst: number; port: number; fullSrc: number; reason: number };

  constructor(maps: Maps, object: BpfObject) {
    const definition = maps.definition('pw_table');
    this.#mapping = maps.map('pw_table');
    this.#bytes = new DataView(this.#mapping.buffer);
    this.#locks = new Int32Array(this.#mapping.buffer);
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
      fullSrc: offset('pw_slot', 'full_src'),
      reason: offset('pw_slot', 'reason'),
    };
  }

  /** Blocks, and those of them whose time is over but which still take a place. */
  blocks(nowNs: number): { active: Block[]; expired: Block[] } {
    const active: Block[] = [];
    const expired: Block[] = [];
    for (let set = 0; set < this.#sets; set++) {
      const base = set * this.#setBytes;
      for (let way = 0; way < WAYS; way++) {
        if (this.#bytes.getUint8(base + this.#set.way + way * WAY.bytes + WAY.state) !== BLOCKED) continue;
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
        if (this.#bytes.getUint8(set * this.#setBytes + this.#set.way + way * WAY.bytes + WAY.state) !== FREE)
          used++;
    return { used, capacity: this.#sets * WAYS };
  }

  stop(): void {
    this.#mapping.unmap();
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
    const slot = base + this.#set.slot + way * this.#slot.bytes;
    const address = (offset: number) => new Uint8Array(this.#mapping.buffer.slice(slot + offset, slot + offset + 16));
    const ports = new Set<number>();
    for (let i = 0; i < 15; i++) {
      const entry = this.#bytes.getBigUint64(slot + this.#slot.port + i * 8, true);
      if (entry !== 0n) ports.add(Number(entry & 0xffffn));
    }
    return {
      source: address(this.#slot.src),
      fullSource: address(this.#slot.fullSrc),
      victim: address(this.#slot.dst),
      reason: this.#bytes.getUint32(slot + this.#slot.reason, true) === 2 ? 'user' : 'scan',
      untilNs: this.#bytes.getUint32(at + WAY.when, true) * WHEN_NS,
      drops: this.#bytes.getUint32(base + this.#set.hits + way * 4, true),
      ports: [...ports].sort((a, b) => a - b),
    };
  }
}
