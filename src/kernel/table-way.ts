import type { Layout, Place } from './layout.ts';
import { TICK_NS } from './options.ts';

/** A port of a way: when it was last seen, and in the lowest 16 bits which. */
const PORT_BYTES = 8;
/** A way, see PW_WAY in bpf/table.h: tag, end, ports, state. */
export const WAY = { bytes: 8, until: 2, state: 7 } as const;
/** 2^26 ns: the unit of a way's end and of a score's times. */
export const WHEN_NS: number = TICK_NS * 65536;
/** enum pw_block_reason. */
export const BlockReason = { syns: 1, user: 2, confirmed: 3 } as const;
/** Scores are kept in 1/256 nat (bpf/score.h). */
export const NAT = 256;

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
  /** The source has completed handshakes with three ports. */
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

/** Where everything of a way lies. What a block needs must be there; of the rest what isn't reads as nothing. */
export class WayLayout {
  readonly set: { readonly lock: number; readonly way: number; readonly ways: number };
  /** Bytes of the rest of a way, in pw_mores. */
  readonly moreBytes: number;
  readonly #slot: Place;
  readonly #source: number;
  readonly #hits: Place | undefined;
  readonly #victim: Place | undefined;
  readonly #fullSource: Place | undefined;
  readonly #firstTick: Read;
  readonly #slotPorts: Place | undefined;
  readonly #morePorts: Place | undefined;
  readonly #more: Readonly<Record<'reason' | 'last_port' | 'port_count' | 'scan', Read>>;
  readonly #score: Readonly<
    Record<'value' | 'closed' | 'silent' | 'half' | 'opened' | 'trust', Read>
  >;

  /** Throws Error when the layout has no such table. */
  constructor(layout: Layout) {
    const way = layout.place('pw_set', 'way');
    this.set = { lock: layout.place('pw_set', 'lock').at, way: way.at, ways: way.count };
    this.moreBytes = layout.size('pw_more');
    this.#slot = layout.place('pw_set', 'slot');
    this.#source = layout.place('pw_slot', 'src').at;
    this.#hits = layout.find('pw_set', 'hits');
    this.#victim = layout.find('pw_slot', 'dst');
    this.#firstTick = reader(layout.find('pw_slot', 'first_tick'));
    this.#slotPorts = layout.find('pw_slot', 'port');
    this.#morePorts = layout.find('pw_more', 'port');
    this.#fullSource = layout.find('pw_more', 'full_src');
    const more = (name: string): Read => reader(layout.find('pw_more', name));
    this.#more = {
      reason: more('reason'),
      last_port: more('last_port'),
      port_count: more('port_count'),
      scan: more('scan'),
    };
    const at = layout.find('pw_more', 'score')?.at;
    const score = (name: string): Read =>
      reader(at === undefined ? undefined : layout.find('pw_score', name), at);
    this.#score = {
      value: score('value'),
      closed: score('closed'),
      silent: score('silent'),
      half: score('half'),
      opened: score('opened'),
      trust: score('trust'),
    };
  }

  /**
   * Reads one way.
   * @param sets the mapped table; `base` is where the way's set begins, `way` its number there
   * @param more its element of pw_mores
   */
  read(sets: DataView, base: number, way: number, more: DataView, nowNs: number): Way {
    const at = base + this.set.way + way * WAY.bytes;
    const slot = base + this.#slot.at + way * this.#slot.bytes;
    const state = sets.getUint8(at + WAY.state);
    const reason = this.#more.reason(more, 0);
    const score: WayScore = {
      value: (this.#score.value(more, 0) | 0) / NAT,
      closed: this.#score.closed(more, 0),
      silent: this.#score.silent(more, 0),
      halfOpen: this.#score.half(more, 0),
      opened: this.#score.opened(more, 0),
      trust: this.#score.trust(more, 0),
    };
    const source = this.source(sets, base, way);
    return {
      state,
      source,
      fullSource: this.#fullSource ? addressAt(more, this.#fullSource.at) : source,
      victim: this.#victim ? addressAt(sets, slot + this.#victim.at) : new Uint8Array(16),
      byUser: state === WayState.blocked && reason === BlockReason.user,
      confirmed: state === WayState.blocked && reason === BlockReason.confirmed,
      scan: this.#more.scan(more, 0),
      untilNs: untilNs(sets.getUint32(at + WAY.until, true), nowNs),
      firstNs: this.#firstTick(sets, slot) * TICK_NS,
      hits: this.#hits ? sets.getUint32(base + this.#hits.at + way * this.#hits.bytes, true) : 0,
      ports: this.#ports(sets, slot, more, state, isWeighted(score)),
      score,
    };
  }

  /** The source of a way, without the rest. */
  source(sets: DataView, base: number, way: number): Uint8Array {
    return addressAt(sets, base + this.#slot.at + way * this.#slot.bytes + this.#source);
  }

  #ports(sets: DataView, slot: number, more: DataView, state: number, weighted: boolean): number[] {
    const ports = new Set<number>();
    const blocked = state === WayState.blocked;
    const lastPort = this.#more.last_port(more, 0);
    if (blocked && lastPort !== 0) ports.add(lastPort);
    const [inSlot, inMore] = [this.#slotPorts?.count ?? 0, this.#morePorts?.count ?? 0];
    const known = weighted ? inSlot + inMore : inSlot;
    const count = blocked ? Math.min(this.#more.port_count(more, 0), inSlot + inMore) : known;
    for (let i = 0; i < count; i++) {
      const entry =
        i < inSlot
          ? sets.getBigUint64(slot + this.#slotPorts!.at + i * PORT_BYTES, true)
          : more.getBigUint64(this.#morePorts!.at + (i - inSlot) * PORT_BYTES, true);
      if (entry !== 0n) ports.add(Number(entry & 0xffffn));
    }
    return [...ports].sort((a, b) => a - b);
  }
}

/** Reads a member of the struct that begins at `base`. */
type Read = (memory: DataView, base: number) => number;

/** @param from where the member's own struct begins in that one */
function reader(place: Place | undefined, from = 0): Read {
  if (!place) return () => 0;
  const at = from + place.at;
  if (place.bytes === 2) return (memory, base) => memory.getUint16(base + at, true);
  if (place.bytes === 4) return (memory, base) => memory.getUint32(base + at, true);
  return (memory, base) => Number(memory.getBigUint64(base + at, true));
}

/** A way's end of 32 bits as a time: within four years of now, since the numbers wrap after nine (PW_WHEN). */
export function untilNs(when: number, nowNs: number): number {
  const now = Math.floor(nowNs / WHEN_NS);
  return (now + ((when - now) | 0)) * WHEN_NS;
}

/** Did the weighted rule judge it? The reference rule counts only handshakes. */
export function isWeighted({ value, closed, silent, halfOpen }: WayScore): boolean {
  return value !== 0 || closed + silent + halfOpen > 0;
}

function addressAt(memory: DataView, at: number): Uint8Array {
  return new Uint8Array(memory.buffer.slice(memory.byteOffset + at, memory.byteOffset + at + 16));
}
