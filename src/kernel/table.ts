import * as bpf from './bpf.ts';
import type { Mapping } from './libc.ts';
import type { Maps } from './maps.ts';
import type { BpfObject } from './object.ts';
import { TICK_NS } from './options.ts';

const WAYS = 4;
const WAY_WORDS = 2;
/** Ports of a way that lie in its slot. */
const SLOT_PORTS = 3;
const FREE = 0;
const BLOCKED = 3;
/** A way, see PW_WAY in bpf/table.h: tag, end, ports, state. */
const WAY = { bytes: 8, until: 2, state: 7 } as const;
/** 2^26 ns: the unit of a way's end. */
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
  readonly #shared: Mapping;
  readonly #blockCount: Int32Array;
  readonly #moresFd: number;
  readonly #bytes: DataView;
  readonly #locks: Int32Array;
  readonly #setBytes: number;
  readonly #sets: number;
  readonly #set: { way: number; hits: number; slot: number };
  readonly #slot: { bytes: number; src: number; dst: number; port: number };
  readonly #more: {
    bytes: number;
    port: number;
    fullSrc: number;
    reason: number;
    lastPort: number;
    portCount: number;
  };

  constructor(maps: Maps, object: BpfObject) {
    const definition = maps.definition('pw_sets');
    this.#mapping = maps.map('pw_sets');
    this.#shared = maps.map('pw_shared');
    this.#blockCount = new Int32Array(this.#shared.buffer, 0, 1);
    this.#moresFd = maps.fd('pw_mores');
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
    };
    this.#more = {
      bytes: object.btf.struct('pw_more').sizeOrType,
      port: offset('pw_more', 'port'),
      fullSrc: offset('pw_more', 'full_src'),
      reason: offset('pw_more', 'reason'),
      lastPort: offset('pw_more', 'last_port'),
      portCount: offset('pw_more', 'port_count'),
    };
  }

  /** Blocks, and those of them whose time is over but which still take a place. */
  blocks(nowNs: number): { active: Block[]; expired: Block[] } {
    const active: Block[] = [];
    const expired: Block[] = [];
    if (Atomics.load(this.#blockCount, 0) === 0) return { active, expired };
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

  /** Ways in use, and how many of them are blocks in force; walks the whole table. */
  occupancy(nowNs: number): { used: number; blocks: number; capacity: number } {
    const words = this.#locks;
    const first = this.#set.way >> 2;
    const stride = this.#setBytes >> 2;
    const nowWhen = nowNs / WHEN_NS;
    let used = 0;
    let blocks = 0;
    for (let set = first; set < words.length; set += stride)
      for (let way = set; way < set + WAY_WORDS * WAYS; way += WAY_WORDS) {
        const high = words[way + 1]!; // 16 bits of the end, ports, state
        const state = high >>> 24;
        if (state === FREE) continue;
        used++;
        if (state === BLOCKED && ((words[way]! >>> 16) | (high << 16)) >>> 0 > nowWhen) blocks++;
      }
    return { used, blocks, capacity: this.#sets * WAYS };
  }

  stop(): void {
    this.#mapping.unmap();
    this.#shared.unmap();
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
    const more = this.#moreOf(place);
    const ports = new Set<number>();
    const lastPort = more.getUint32(this.#more.lastPort, true);
    if (lastPort !== 0) ports.add(lastPort);
    for (let i = 0; i < more.getUint32(this.#more.portCount, true); i++) {
      const entry =
        i < SLOT_PORTS
          ? this.#bytes.getBigUint64(slot + this.#slot.port + i * 8, true)
          : more.getBigUint64(this.#more.port + (i - SLOT_PORTS) * 8, true);
      if (entry !== 0n) ports.add(Number(entry & 0xffffn));
    }
    return {
      source: addressAt(this.#bytes, slot + this.#slot.src),
      fullSource: addressAt(more, this.#more.fullSrc),
      victim: addressAt(this.#bytes, slot + this.#slot.dst),
      reason: more.getUint32(this.#more.reason, true) === 2 ? 'user' : 'scan',
      untilNs: this.#bytes.getUint32(at + WAY.until, true) * WHEN_NS,
      drops: this.#bytes.getUint32(base + this.#set.hits + way * 4, true),
      ports: [...ports].sort((a, b) => a - b),
    };
  }

  /** Not mapped: it is wanted for blocks only, and a mapping of it would be resident as a whole. */
  #moreOf(place: number): DataView {
    const key = Buffer.alloc(128);
    key.writeUInt32LE(place);
    const value = new Uint8Array(this.#more.bytes);
    bpf.lookupElement(this.#moresFd, key, value);
    return new DataView(value.buffer);
  }
}

function addressAt(memory: DataView, at: number): Uint8Array {
  return new Uint8Array(memory.buffer.slice(memory.byteOffset + at, memory.byteOffset + at + 16));
}
