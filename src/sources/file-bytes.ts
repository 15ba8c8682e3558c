import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { ByteWindow } from '../packet/byte-window.ts';
import type { ByteSource } from './byte-source.ts';

/** Room before each chunk for what is left of the one before: more than packets are long. */
const FRONT = 65_536;

/**
 * A plain file, in chunks that fit into the processor's second cache: what the kernel has copied there is decoded
 * before it leaves. Reading ahead in a thread of its own costs more than it gains, and the kernel reads ahead anyway.
 */
export class FileBytes implements ByteSource {
  taken = 0;
  readonly size: number;
  readonly #file: FileHandle;
  readonly #buffers: readonly [Uint8Array, Uint8Array];
  #which: 0 | 1 = 0;

  /** @param chunkBytes read at once; two chunks are in memory */
  constructor(file: FileHandle, size: number, chunkBytes: number) {
    this.#file = file;
    this.size = size;
    this.#buffers = [new Uint8Array(FRONT + chunkBytes), new Uint8Array(FRONT + chunkBytes)];
  }

  next(window: ByteWindow): boolean {
    const buffer = this.#buffers[this.#which];
    const count = readSync(this.#file.fd, buffer, FRONT, buffer.length - FRONT, null);
    if (count === 0) return false;
    this.taken += count;
    window.take(buffer, FRONT, FRONT + count);
    this.#which = this.#which === 0 ? 1 : 0;
    return true;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
