import type { ServerResponse } from 'node:http';
import { ALWAYS, MAX_LEVEL } from './live-buffer.ts';

/** Bytes that wait for a client: beyond the first it gets no connections, beyond the second it is let go. */
const HIGH = 256 * 1024;
const LIMIT = 2 * 1024 * 1024;
/** A client that takes nothing for so long is let go. */
const STALL_MS = 10_000;
/** After so many ticks at which nothing waited, it gets twice as many connections. */
const CALM_TICKS = 10;

/** Events of a level, as the inside of a JSON list. */
export type Select = (level: number) => { readonly list: Buffer; readonly count: number };

/** One who reads the stream: how much it takes decides how much it gets. */
export class LiveClient {
  readonly #response: ServerResponse;
  /** Events that happened and were not sent, and that it hasn't been told of. */
  #skipped = 0;
  #level = 0;
  #calm = 0;
  #written = 0;
  #taken = 0;
  #takenMs: number;

  /** @param response whose headers are sent */
  constructor(response: ServerResponse, nowMs: number) {
    this.#response = response;
    this.#takenMs = nowMs;
  }

  /** What happened between two ticks. @param level that of all who have the same filter */
  events(id: string, happened: number, level: number, select: Select): void {
    this.#skipped += happened;
    const waiting = this.#response.writableLength;
    const own = Math.max(level, this.#levelFor(waiting));
    const { list, count } = select(own);
    if (count === 0 && (this.#skipped === 0 || waiting > HIGH)) return;
    const skipped = this.#skipped - count;
    this.#skipped = 0;
    this.#response.cork();
    this.#write(Buffer.from(`id: ${id}\nevent: events\ndata: {"events":[`, 'latin1'));
    this.#write(list);
    const sampled = 2 ** Math.min(own, MAX_LEVEL);
    this.#write(Buffer.from(`],"sampled":${sampled},"skipped":${skipped}}\n\n`, 'latin1'));
    this.#response.uncork();
  }

  /** A message that may be left out: the next one says all again. */
  state(text: string): void {
    if (this.#response.writableLength <= HIGH) this.#write(Buffer.from(text));
  }

  /** Does it take too little to go on? */
  isStuck(nowMs: number): boolean {
    const waiting = this.#response.writableLength;
    const taken = this.#written - waiting;
    if (taken > this.#taken || waiting === 0) {
      this.#taken = taken;
      this.#takenMs = nowMs;
    }
    return waiting > LIMIT || nowMs - this.#takenMs > STALL_MS;
  }

  end(): void {
    this.#response.destroy();
  }

  #levelFor(waiting: number): number {
    if (waiting > HIGH) return ALWAYS;
    if (waiting > 0) {
      this.#calm = 0;
      this.#level = Math.min(this.#level + 1, MAX_LEVEL);
    } else if (this.#level > 0 && ++this.#calm >= CALM_TICKS) {
      this.#calm = 0;
      this.#level--;
    }
    return this.#level;
  }

  #write(bytes: Buffer): void {
    this.#written += bytes.length;
    this.#response.write(bytes);
  }
}
