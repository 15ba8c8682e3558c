import type { LineBuffer } from '../sinks/output.ts';
import type { SinkCounts } from '../sinks/sink.ts';
import type { Written } from '../sources/source.ts';

/** Bytes of the events between two ticks, at most, and how many they are: lines have about 450 bytes. */
const BYTES = 1024 * 1024;
const EVENTS = 4096;
/** Connections leave so much of it to what is never sampled. */
const SPARE = 64 * 1024;

/** The tier of an event that is never sampled. */
export const ALWAYS = 15;
/** At most one connection in 2^10 is sent. */
export const MAX_LEVEL = 10;

/**
 * In how coarse a sample a connection still is: with 2^level connections for one that is sent, those whose tier is at
 * least the level, which are those whose id is a multiple of it.
 * @param idLo the lower half of its id
 */
export function tierOf(idLo: number): number {
  return Math.min((31 - Math.clz32(idLo & -idLo)) & 31, MAX_LEVEL);
}

/** The events between two ticks as JSON, each with its tier; bounded. A JsonSink writes here. */
export class LiveBuffer implements LineBuffer {
  readonly bytes: Uint8Array = new Uint8Array(BYTES);
  readonly backlogged = false;
  readonly full = false;
  pos = 0;
  /** Events. */
  count = 0;
  /** Of the event that comes next. */
  tier: number = ALWAYS;
  readonly #ends: Uint32Array = new Uint32Array(EVENTS);
  readonly #tiers: Uint8Array = new Uint8Array(EVENTS);

  reserve(size: number): boolean {
    const room = this.tier === ALWAYS ? BYTES : BYTES - SPARE;
    return this.count < EVENTS && this.pos + size <= room;
  }

  commit(pos: number): void {
    this.bytes[pos - 1] = COMMA; // a line's end becomes the separator in a list
    this.#ends[this.count] = pos;
    this.#tiers[this.count++] = this.tier;
    this.pos = pos;
  }

  flush(): void {}

  progress(): Written {
    return { made: 0, written: 0 };
  }

  counts(): SinkCounts {
    return { lines: 0, bytes: 0, lost: 0 };
  }

  /** The events whose tier is at least the level, as the inside of a JSON list. */
  select(level: number): { readonly list: Buffer; readonly count: number } {
    const list = Buffer.allocUnsafe(this.pos);
    let length = 0;
    let count = 0;
    let begin = 0;
    for (let i = 0; i < this.count; i++) {
      const end = this.#ends[i]!;
      if (this.#tiers[i]! >= level) {
        list.set(this.bytes.subarray(begin, end), length);
        length += end - begin;
        count++;
      }
      begin = end;
    }
    return { list: list.subarray(0, Math.max(0, length - 1)), count };
  }

  clear(): void {
    this.pos = 0;
    this.count = 0;
  }
}

const COMMA = 0x2c;
