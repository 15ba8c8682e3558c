import type { LineBuffer } from '../sinks/output.ts';
import type { SinkCounts } from '../sinks/sink.ts';
import type { Written } from '../sources/source.ts';

/** A batch is handed on with so many lines, or when its first one is so old: a row alone would cost 8 ms. */
const BATCH_LINES = 1000;
const BATCH_MS = 1000;
/** Lines that wait take so many bytes at most: about 5 s at 15,000 events a second. */
export const QUEUE_LIMIT = 33_554_432;
/** One line's room at least. */
const CHUNK = 262_144;

/** Some lines, whole, and how many. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly lines: number;
}

/**
 * Lines that wait for the store. It takes a batch at a time, and what comes meanwhile is the next one: the slower it
 * is, the larger they are. Nobody waits for it: beyond the limit lines are lost, and counted.
 */
export class StoreQueue implements LineBuffer {
  bytes: Uint8Array = new Uint8Array(CHUNK);
  pos = 0;
  readonly backlogged = false;
  full = false;
  /** Holds no record back: what waits may wait for long (Written). */
  trouble = false;
  readonly #limit: number;
  #lines = 0;
  #sinceMs = 0;
  #sent: Batch | undefined;
  #told = 0;
  #kept = 0;
  #lost = 0;
  #made = 0;
  #written = 0;

  constructor(limit: number = QUEUE_LIMIT) {
    this.#limit = limit;
  }

  /** Lines that are not stored yet. */
  get waiting(): number {
    return this.#lines + (this.#sent?.lines ?? 0);
  }

  /** Lines that are stored. */
  get kept(): number {
    return this.#kept;
  }

  reserve(size: number): boolean {
    if (this.pos + size <= this.bytes.length) return true;
    const sent = this.#sent?.bytes.length ?? 0;
    const doubled = Math.min(this.bytes.length * 2, this.#limit - sent);
    if (this.pos + size > doubled) {
      this.#lost++;
      this.full = true;
      return false;
    }
    const grown = new Uint8Array(doubled);
    grown.set(this.bytes.subarray(0, this.pos));
    this.bytes = grown;
    return true;
  }

  commit(pos: number): void {
    if (this.#lines++ === 0) this.#sinceMs = performance.now();
    this.#told++;
    this.#made += pos - this.pos;
    this.pos = pos;
  }

  /** What is due goes with next(). */
  flush(): void {}

  /** The next batch, if one is due and the one before is answered. @param all it is due in any case */
  next(all: boolean): Batch | undefined {
    if (this.#sent !== undefined || this.#lines === 0) return undefined;
    const due = this.#lines >= BATCH_LINES || performance.now() - this.#sinceMs >= BATCH_MS;
    if (!due && !all) return undefined;
    this.#sent = { bytes: this.bytes.subarray(0, this.pos), lines: this.#lines };
    this.bytes = new Uint8Array(CHUNK);
    this.pos = 0;
    this.#lines = 0;
    this.full = false;
    return this.#sent;
  }

  /** The batch that was handed on last and isn't answered yet. */
  get sent(): Batch | undefined {
    return this.#sent;
  }

  /** It is stored, or given up. */
  answered(stored: boolean): void {
    const { lines = 0, bytes } = this.#sent ?? {};
    if (stored) this.#kept += lines;
    else this.#lost += lines;
    this.#written += bytes?.length ?? 0;
    this.#sent = undefined;
  }

  progress(): Written {
    return { made: this.#made, written: this.trouble ? this.#made : this.#written };
  }

  counts(): SinkCounts {
    return { lines: this.#told, bytes: this.#written, lost: this.#lost };
  }
}
