import type { Metadata, Service } from '../model/metadata.ts';
import { Finding, sizeOf } from './finding.ts';
import { FIRST_BYTES, KeptBytes } from './kept-bytes.ts';
import { Oldest } from './oldest.ts';
import type { PassiveNames } from './passive-names.ts';
import { Protocols } from './protocols.ts';
import { Reading } from './reading.ts';

export interface InspectorOptions {
  /** SHA-256 of an ASCII text in lower-case hex, for JA4: pure rooms have no library. */
  readonly sha256hex: (text: string) => string;
  /** Gets the names of addresses in answers to questions that were seen. */
  readonly names?: PassiveNames;
  /** Most bytes of memory for segments that wait for others. */
  readonly keptMax?: number;
  /** Most bytes of memory for what was found and not taken yet. */
  readonly foundMax?: number;
}

export interface InspectorCounts {
  /** Directions that waited for more of their first bytes and had to give way, since memory was full. */
  readonly refused: number;
  /** How often all that was found of a connection was let go, since memory was full. */
  readonly untold: number;
  /** Answers to questions that weren't seen: their names aren't believed. */
  readonly unasked: number;
  /** Memory in use, in bytes: segments that wait for others, and what was found. */
  readonly keptBytes: number;
  readonly foundBytes: number;
}

/** What is done with a direction's segments. */
const Way = {
  /** Nothing came yet. */
  fresh: 0,
  /** Its first bytes are kept until there are enough. */
  kept: 1,
  /** It is known what it is, or that it can't be known. */
  done: 2,
} as const;

/** Once a segment begins so far on, one that is missing before it won't come: a window without scaling (RFC 9293 3.1). */
const FAR = 65_536;

/**
 * Looks at the first bytes of each connection. A connection is named by a slot, a small number that its owner gives it
 * and may give to another once it was taken or dropped.
 *
 * A first segment that says all is read where it lies; only what needs more bytes is copied. Payload is kept nowhere
 * else and never leaves.
 */
export class Inspector {
  readonly #protocols: Protocols;
  readonly #keptMax: number;
  readonly #foundMax: number;
  /** One of Way for each direction: of slot n the originator's at 2n. */
  #ways: Uint8Array = new Uint8Array(2048);
  /** What waits, the longest first, by the place in #ways. */
  readonly #kept = new Map<number, KeptBytes>();
  readonly #longest = new Oldest(this.#kept);
  readonly #found: (Finding | undefined)[] = [];
  /** For the next connection of which something is found. */
  #spare = new Finding();
  #keptBytes = 0;
  #foundBytes = 0;
  #refused = 0;
  #untold = 0;

  constructor({ sha256hex, names, keptMax = 64 << 20, foundMax = 64 << 20 }: InspectorOptions) {
    this.#protocols = new Protocols(sha256hex, names);
    this.#keptMax = keptMax;
    this.#foundMax = foundMax;
  }

  /** Is there any use in giving it this direction's next segment? */
  wants(slot: number, fromOriginator: boolean): boolean {
    return this.#ways[wayOf(slot, fromOriginator)] !== Way.done;
  }

  /**
   * Takes the payload of a TCP segment: the bytes from `from` to `to`.
   * @param offset of its first byte in the direction's stream, 0 for the one after the SYN; may be negative
   */
  segment(
    slot: number,
    fromOriginator: boolean,
    offset: number,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    const way = this.#reach(wayOf(slot, fromOriginator));
    const state = this.#ways[way]!;
    if (state === Way.done || offset + to - from <= 0 || from >= to) return;
    if (offset >= FAR) {
      this.#finish(way);
      return;
    }
    let wanted: number = 1;
    if (state === Way.fresh && offset <= 0) {
      const end = Math.min(to, from - offset + FIRST_BYTES);
      wanted = this.#read(way, bytes, from - offset, end, end < to);
      if (wanted <= Reading.done) {
        this.#ways[way] = Way.done;
        return;
      }
    }
    this.#keep(way, wanted, offset, bytes, from, to);
  }

  /** Takes the payload of a UDP datagram: the bytes from `from` to `to`. */
  datagram(slot: number, bytes: Uint8Array, from: number, to: number): void {
    const finding = this.#found[slot] ?? this.#spare;
    this.#protocols.datagram(finding, bytes, from, to);
    this.#note(slot, finding);
  }

  /** What is known of a connection; then nothing is known of it any more. */
  take(slot: number): Metadata | undefined {
    this.#finish(2 * slot);
    this.#finish(2 * slot + 1);
    const metadata = this.#found[slot]?.metadata;
    this.drop(slot);
    const service = metadata && serviceOf(metadata);
    return service && { service, ...metadata };
  }

  /** Forgets a connection. */
  drop(slot: number): void {
    for (let way = 2 * slot; way < 2 * slot + 2; way++) {
      this.#release(way);
      if (way < this.#ways.length) this.#ways[way] = Way.fresh;
    }
    this.#foundBytes -= this.#found[slot]?.size ?? 0;
    if (slot < this.#found.length) this.#found[slot] = undefined;
  }

  counts(): InspectorCounts {
    return {
      refused: this.#refused,
      untold: this.#untold,
      unasked: this.#protocols.unasked,
      keptBytes: this.#keptBytes,
      foundBytes: this.#foundBytes,
    };
  }

  /** Adds a segment to what waits, and looks at it when there is enough. */
  #keep(
    way: number,
    wanted: number,
    offset: number,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    let kept = this.#kept.get(way);
    if (kept === undefined) {
      kept = new KeptBytes(wanted);
      this.#kept.set(way, kept);
      this.#keptBytes += kept.size;
      this.#ways[way] = Way.kept;
    }
    const size = kept.size;
    kept.add(offset, bytes, from, to);
    this.#keptBytes += kept.size - size;
    if (kept.prefix >= kept.wanted || kept.prefix === FIRST_BYTES) {
      const last = kept.prefix === FIRST_BYTES;
      kept.wanted = this.#read(way, kept.bytes, 0, kept.prefix, last);
      if (kept.wanted <= Reading.done) this.#end(way);
    }
    while (this.#keptBytes > this.#keptMax) this.#giveWay();
  }

  /** Whoever waits longest gives way, so that a flood of first halves can't shut out what comes after it. */
  #giveWay(): void {
    this.#refused++;
    this.#finish(this.#longest.next()!);
  }

  /** Tells what is known by the bytes that are there, as no more will be looked at. */
  #finish(way: number): void {
    const kept = this.#kept.get(way);
    if (kept !== undefined && kept.prefix > 0) this.#read(way, kept.bytes, 0, kept.prefix, true);
    this.#end(way);
  }

  #end(way: number): void {
    this.#release(way);
    if (way < this.#ways.length) this.#ways[way] = Way.done;
  }

  #release(way: number): void {
    const kept = this.#kept.get(way);
    if (kept === undefined) return;
    this.#keptBytes -= kept.size;
    this.#kept.delete(way);
  }

  /** Looks at the first bytes of a direction; a Reading. */
  #read(way: number, bytes: Uint8Array, from: number, to: number, last: boolean): number {
    const slot = way >> 1;
    const finding = this.#found[slot] ?? this.#spare;
    const reading = this.#protocols.stream(finding, way % 2 === 0, bytes, from, to, last);
    this.#note(slot, finding);
    return reading;
  }

  /** Keeps what was found, if anything was. */
  #note(slot: number, finding: Finding): void {
    if (serviceOf(finding.metadata) === undefined) return;
    if (finding === this.#spare) this.#spare = new Finding();
    const size = sizeOf(finding);
    this.#foundBytes += size - finding.size;
    finding.size = size;
    this.#found[slot] = finding;
    if (this.#foundBytes <= this.#foundMax) return;
    this.#untold++;
    this.#foundBytes -= size;
    this.#found[slot] = undefined;
  }

  #reach(way: number): number {
    if (way >= this.#ways.length) {
      const more = new Uint8Array(Math.max(2 * this.#ways.length, way + 2));
      more.set(this.#ways);
      this.#ways = more;
    }
    return way;
  }
}

function wayOf(slot: number, fromOriginator: boolean): number {
  return 2 * slot + (fromOriginator ? 0 : 1);
}

/** Where the two directions speak different protocols, the one that is harder to mistake. */
function serviceOf({ tls, ssh, http, dns }: Metadata): Service | undefined {
  if (tls !== undefined && http?.method !== 'CONNECT') return 'ssl';
  if (ssh !== undefined) return 'ssh';
  if (http !== undefined) return 'http';
  return dns && 'dns';
}
