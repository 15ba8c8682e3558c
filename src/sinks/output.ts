import { writeSync } from 'node:fs';
import { OperatorError } from '../model/errors.ts';
import type { SinkCounts } from './sink.ts';

export interface OutputOptions {
  readonly fd: number;
  /** As the operator knows it: `standard output` or a path. */
  readonly name: string;
  /** First size of the buffer, bytes. */
  readonly capacity?: number;
  /** The buffer grows up to this, bytes, while the reader doesn't read. */
  readonly limit?: number;
  /** fs.writeSync, or a test's stand-in. */
  readonly write?: (fd: number, bytes: Uint8Array, offset: number, length: number) => number;
}

export const OUTPUT_DEFAULTS = { capacity: 262_144, limit: 8_388_608 } as const;

/** Where a sink writes its lines: room, a line at `pos`, and its end; written whole or not at all. */
export interface LineBuffer {
  /** The buffer; reserve() may replace it. */
  readonly bytes: Uint8Array;
  /** Where the next line goes. */
  readonly pos: number;
  /** The output can't take more at the moment. */
  readonly backlogged: boolean;
  /** Makes room for a line of up to `size` bytes; false: there is none. */
  reserve(size: number): boolean;
  /** Ends a line at `pos`, after its newline. */
  commit(pos: number): void;
  /** Hands on what is buffered. */
  flush(): void;
  counts(): SinkCounts;
}

/**
 * A buffer of lines in front of a file descriptor. A sink asks for room with reserve(), writes its line at `pos` and
 * ends it with commit(); a line is written whole or not at all. Nothing throws between the two.
 */
export class Output implements LineBuffer {
  /** The buffer; reserve() may replace it. */
  bytes: Uint8Array;
  /** Where the next line goes. */
  pos = 0;
  readonly #options: Required<OutputOptions>;
  #lines = 0;
  #written = 0;
  #lost = 0;
  #blocked = false;
  #failure: OperatorError | undefined;
  #told = false;

  constructor(options: OutputOptions) {
    this.#options = { ...OUTPUT_DEFAULTS, write: writeSync, ...options };
    this.bytes = new Uint8Array(this.#options.capacity);
  }

  /** The reader doesn't keep up, and the buffer is more than half of what it may be. */
  get backlogged(): boolean {
    return this.#blocked && this.pos * 2 > this.#options.limit;
  }

  /** Makes room for a line of up to `size` bytes; false: there is none, and the line is counted as lost. */
  reserve(size: number): boolean {
    if (this.pos + size <= this.bytes.length && this.#failure === undefined) return true;
    return this.#makeRoom(size);
  }

  /** Ends a line. */
  commit(pos: number): void {
    this.pos = pos;
    this.#lines++;
  }

  /** Writes what is buffered. Throws once when the output is gone; what a slow reader leaves stays buffered. */
  flush(): void {
    this.#drain();
    if (this.#failure === undefined || this.#told) return;
    this.#told = true;
    throw this.#failure;
  }

  counts(): SinkCounts {
    return { lines: this.#lines, bytes: this.#written, lost: this.#lost };
  }

  #makeRoom(size: number): boolean {
    this.#drain();
    if (this.#failure === undefined) {
      if (this.pos + size <= this.bytes.length) return true;
      const doubled = Math.min(this.bytes.length * 2, this.#options.limit);
      if (this.pos + size <= doubled) {
        const grown = new Uint8Array(doubled);
        grown.set(this.bytes.subarray(0, this.pos));
        this.bytes = grown;
        return true;
      }
    }
    this.#lost++;
    return false;
  }

  #drain(): void {
    const { fd, write } = this.#options;
    let done = 0;
    this.#blocked = false;
    while (done < this.pos && this.#failure === undefined) {
      try {
        done += write(fd, this.bytes, done, this.pos - done);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'EINTR') continue;
        if (code === 'EAGAIN') this.#blocked = true;
        else this.#fail(done, code, error);
        break;
      }
    }
    this.#written += done;
    if (done > 0) this.bytes.copyWithin(0, done, this.pos);
    this.pos -= done;
  }

  #fail(done: number, code: string | undefined, cause: unknown): void {
    const [why, hint] = REASONS[code ?? ''] ?? [
      code ?? String(cause),
      'check where the output goes',
    ];
    this.#failure = new OperatorError(`cannot write to ${this.#options.name}: ${why}`, hint, {
      cause,
    });
    let lines = 0;
    for (let i = done; i < this.pos; i++) if (this.bytes[i] === NEWLINE) lines++;
    this.#lost += lines;
    this.#lines -= lines;
    this.pos = done;
  }
}

const NEWLINE = 10;

const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EPIPE: ['its reader is gone (EPIPE)', 'keep the program that reads it running'],
  ENOSPC: ['no space left on the device (ENOSPC)', 'free space there, or write somewhere else'],
  EDQUOT: ['the disk quota is used up (EDQUOT)', 'free space there, or write somewhere else'],
  EIO: ['the device failed (EIO)', 'see dmesg'],
  EBADF: ['it is not open for writing (EBADF)', 'open it for writing'],
};
