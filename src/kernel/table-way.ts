import type { BpfObject } from './object.ts';
import { TICK_NS } from './options.ts';

/** Ports of a way that lie in its slot; the others are in pw_mores. */
const SLOT_PORTS = 3;
/** PW_MAX_PORTS of bpf/state.h. */
const MAX_PORTS = 15;
/** A way, see PW_WAY in bpf/table.h: tag, end, ports, state. */
export const WAY = { bytes: 8, until: 2, state: 7 } as const;
/** 2^26 ns: the unit of a way's end and of a score's times. */
export const WHEN_NS: number = TICK_NS * 65536;
/** enum pw_block_reason. */
const BY_USER = 2;
const CONFIRMED = 3;
/** Scores are kept in 1/256 nat (bpf/score.h). */
const NAT = 256;

/** enum pw_way_state. */
export const WayState = { free: 0, watched: 1, found: 2, blocked: 3 } as const;

/** What the weighted rule knows of a way: ports by what became of them (bpf/score.h). */
export interface WayScore {
  /** At the last change, natural logarithm of the likelihood ratio. */
  readonly value: number;
  readonly closed: number;
  readonly silent: number;
  readonly halfOpen: number;
  readonly opened: number;
  /** Handshakes that count towards being trusted. */
  readonly trust: number;
}

/** One place of the table: what a source did to one of our addresses, or its block. */
export interface Way {
  readonly state: number;
  /** 16 bytes, IPv4 as ::ffff:a.b.c.d; an IPv6 source masked to its judged prefix. */
  readonly source: Uint8Array;
  /** As last seen, in full; of blocks. */
  readonly fullSource: Uint8Array;
  readonly victim: Uint8Array;
  readonly byUser: boolean;
  /** The source has completed a handshake. */
  readonly confirmed: boolean;
  /** Of a block by verdict: enum pw_scan. */
  readonly scan: number;
  /** End of the block, or when it is forgotten; CLOCK_MONOTONIC, nanoseconds. */
  readonly untilNs: number;
  readonly firstNs: number;
  /** Packets: that counted, or of a block that were dropped. */
  readonly hits: number;
  /** Distinct, ascending; of a block those that gave the verdict. */
  readonly ports: number[];
  readonly score: WayScore;
}

/** Where everything of a way lies, from the BTF of the guard's object. */
export class WayLayout {
  readonly set: { readonly way: number; readonly hits: number; readonly slot: number };
  readonly moreBytes: number;
  readonly #slotBytes: number;
  readonly #slot: Readonly<Record<'src' | 'dst' | 'first_tick' | 'port', number>>;
  readonly #more: Readonly<
    Record<'port' | 'full_src' | 'reason' | 'last_port' | 'port_count' | 'scan' | 'score', number>
  >;
  readonly #score: Readonly<
    Record<'value' | 'closed' | 'silent' | 'half' | 'opened' | 'trust', number>
  >;

  constructor(object: BpfObject) {
    const offsets = <K extends string>(struct: string, ...members: K[]): Record<K, number> => {
      const found = object.btf.members(object.btf.struct(struct));
      const offset = (name: K): number => {
        const member = found.find((m) => m.name === name);
        if (!member) throw new Error(`struct ${struct} has no ${name}`);
        return member.offset;
      };
      return Object.fromEntries(members.map((name) => [name, offset(name)])) as Record<K, number>;
    };
    this.set = offsets('pw_set', 'way', 'hits', 'slot');
    this.#slotBytes = object.btf.struct('pw_slot').sizeOrType;
    this.moreBytes = object.btf.struct('pw_more').sizeOrType;
    this.#slot = offsets('pw_slot', 'src', 'dst', 'first_tick', 'port');
    this.#more = offsets(
      'pw_more',
      'port',
      'full_src',
      'reason',
      'last_port',
      'port_count',
      'scan',
      'score',
    );
    this.#score = offsets('pw_score', 'value', 'closed', 'silent', 'half', 'opened', 'trust');
  }

  /**
   * Reads one way.
   * @param sets the mapped table; `base` is where the way's set begins, `way` its number there
   * @param more its element of pw_mores
   */
  read(sets: DataView, base: number, way: number, more: DataView): Way {
    const at = base + this.set.way + way * WAY.bytes;
    const slot = base + this.set.slot + way * this.#slotBytes;
    const state = sets.getUint8(at + WAY.state);
    const reason = more.getUint32(this.#more.reason, true);
    const part = (name: 'closed' | 'silent' | 'half' | 'opened' | 'trust'): number =>
      more.getUint16(this.#more.score + this.#score[name], true);
    const score: WayScore = {
      value: more.getInt32(this.#more.score + this.#score.value, true) / NAT,
      closed: part('closed'),
      silent: part('silent'),
      halfOpen: part('half'),
      opened: part('opened'),
      trust: part('trust'),
    };
    return {
      state,
      source: this.source(sets, base, way),
      fullSource: addressAt(more, this.#more.full_src),
      victim: addressAt(sets, slot + this.#slot.dst),
      byUser: state === WayState.blocked && reason === BY_USER,
      confirmed: state === WayState.blocked && reason === CONFIRMED,
      scan: more.getUint32(this.#more.scan, true),
      untilNs: sets.getUint32(at + WAY.until, true) * WHEN_NS,
      firstNs: Number(sets.getBigUint64(slot + this.#slot.first_tick, true)) * TICK_NS,
      hits: sets.getUint32(base + this.set.hits + way * 4, true),
      ports: this.#ports(sets, slot, more, state, isWeighted(score)),
      score,
    };
  }

  /** The source of a way, without the rest. */
  source(sets: DataView, base: number, way: number): Uint8Array {
    return addressAt(sets, base + this.set.slot + way * this.#slotBytes + this.#slot.src);
  }

  #ports(sets: DataView, slot: number, more: DataView, state: number, weighted: boolean): number[] {
    const ports = new Set<number>();
    const blocked = state === WayState.blocked;
    const lastPort = more.getUint32(this.#more.last_port, true);
    if (blocked && lastPort !== 0) ports.add(lastPort);
    const known = weighted ? MAX_PORTS : SLOT_PORTS;
    const count = blocked ? more.getUint32(this.#more.port_count, true) : known;
    for (let i = 0; i < count; i++) {
      const entry =
        i < SLOT_PORTS
          ? sets.getBigUint64(slot + this.#slot.port + i * 8, true)
          : more.getBigUint64(this.#more.port + (i - SLOT_PORTS) * 8, true);
      if (entry !== 0n) ports.add(Number(entry & 0xffffn));
    }
    return [...ports].sort((a, b) => a - b);
  }
}

/** Did the weighted rule judge it? The reference rule counts only handshakes. */
export function isWeighted({ value, closed, silent, halfOpen }: WayScore): boolean {
  return value !== 0 || closed + silent + halfOpen > 0;
}

function addressAt(memory: DataView, at: number): Uint8Array {
  return new Uint8Array(memory.buffer.slice(memory.byteOffset + at, memory.byteOffset + at + 16));
}
