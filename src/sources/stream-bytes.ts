import type { ByteWindow } from '../packet/byte-window.ts';
import type { ByteSource } from './byte-source.ts';

/** Bytes that come as they come: standard input, a pipe, what a compressed file holds. */
export class StreamBytes implements ByteSource {
  readonly size: number | undefined;
  readonly #chunks: AsyncIterator<Uint8Array, unknown>;
  readonly #taken: () => number;
  readonly #close: () => Promise<void>;

  constructor(options: {
    readonly chunks: AsyncIterator<Uint8Array, unknown>;
    readonly size: number | undefined;
    readonly taken: () => number;
    readonly close: () => Promise<void>;
  }) {
    this.#chunks = options.chunks;
    this.size = options.size;
    this.#taken = options.taken;
    this.#close = options.close;
  }

  get taken(): number {
    return this.#taken();
  }

  async next(window: ByteWindow): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    window.take(next.value, 0, next.value.length);
    return true;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
