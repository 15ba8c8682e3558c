import { constants, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { OperatorError } from '../model/errors.ts';
import type { Written } from '../sources/source.ts';
import type { SinkCounts } from './sink.ts';

/** What an Output writes to. */
export interface OutputTarget {
  /** As the operator knows it: `standard output` or a path. */
  readonly name: string;
  /** As fs.writeSync: how many bytes it took; throws what the system call failed with. */
  write(bytes: Uint8Array, offset: number, length: number): number;
  /**
   * Errors that pass, as a full disk does: meanwhile lines wait in the buffer and then are lost, and the reading goes
   * on. Absent: every error ends the program.
   */
  readonly passing?: ReadonlySet<string>;
}

export interface OutputOptions {
  readonly target: OutputTarget;
  /** First size of the buffer, bytes. */
  readonly capacity?: number;
  /** The buffer grows up to this, bytes, while nobody takes its lines. */
  readonly limit?: number;
  /** A reader that is slow holds back the reading of records; else its lines are lost once the buffer is full. */
  readonly holdsBack?: boolean;
}

export const OUTPUT_DEFAULTS = { capacity: 262_144, limit: 8_388_608, holdsBack: true } as const;

/**
 * Standard output. Node waits for a terminal, and one that is stopped (Ctrl-S, a connection that hangs) would hold up
 * signals and commands as well: it is opened once more, by a descriptor that never waits.
 */
export function standardOutput(): OutputTarget {
  return descriptor(isatty(1) ? withoutWaiting(1) : 1, 'standard output');
}

function withoutWaiting(fd: number): number {
  const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return fd; // the terminal of another user
  }
}

/** A descriptor that somebody else has opened. */
export function descriptor(fd: number, name: string): OutputTarget {
  return { name, write: (bytes, offset, length) => writeSync(fd, bytes, offset, length) };
}

/** Where a sink writes its lines: room, a line at `pos`, and its end; written whole or not at all. */
export interface LineBuffer {
  /** The buffer; reserve() may replace it. */
  readonly bytes: Uint8Array;
  /** Where the next line goes. */
  readonly pos: number;
  /** The output can't take more at the moment. */
  readonly backlogged: boolean;
  /** The last line found no room. */
  readonly full: boolean;
  /** Makes room for a line of up to `size` bytes; false: there is none. */
  reserve(size: number): boolean;
  /** Ends a line at `pos`, after its newline. */
  commit(pos: number): void;
  /** Hands on what is buffered. */
  flush(): void;
  progress(): Written;
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
  /** The last line found no room. */
  full = false;
  readonly #options: Required<OutputOptions>;
  #lines = 0;
  #written = 0;
  #lost = 0;
  #blocked = false;
  #trouble: string | undefined;
  #failure: OperatorError | undefined;
  #told = false;

  constructor(options: OutputOptions) {
    this.#options = { ...OUTPUT_DEFAULTS, ...options };
    this.bytes = new Uint8Array(this.#options.capacity);
  }

  /** The reader doesn't keep up, and the buffer is more than half of what it may be. */
  get backlogged(): boolean {
    return this.#options.holdsBack && this.#blocked && this.pos * 2 > this.#options.limit;
  }

  /** Why nothing can be written at the moment, if that will pass (OutputTarget.passing). */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Lines that nobody has taken yet. */
  get waiting(): number {
    return linesIn(this.bytes, 0, this.pos);
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

  /** What waits for a trouble to pass counts as written: nobody may be there to end it, and records are read on. */
  progress(): Written {
    const made = this.#written + this.pos;
    return { made, written: this.#trouble === undefined ? this.#written : made };
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
    this.full = true;
    return false;
  }

  #drain(): void {
    const { target } = this.#options;
    let done = 0;
    this.#blocked = false;
    while (done < this.pos && this.#failure === undefined) {
      try {
        done += target.write(this.bytes, done, this.pos - done);
        this.#trouble = undefined;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'EINTR') continue;
        if (code === 'EAGAIN') this.#blocked = true;
        else if (target.passing?.has(code ?? '')) this.#trouble = reasonOf(code)[0];
        else this.#fail(done, code, error);
        break;
      }
    }
    this.#written += done;
    if (done === 0) return;
    this.bytes.copyWithin(0, done, this.pos);
    this.pos -= done;
    this.full = false;
  }

  #fail(done: number, code: string | undefined, cause: unknown): void {
    this.#failure = cannotWrite(this.#options.target.name, code, cause);
    const lines = linesIn(this.bytes, done, this.pos);
    this.#lost += lines;
    this.#lines -= lines;
    this.pos = done;
  }
}

/**
 * @param name of an OutputTarget
 * @param code of the system call's error, if it was one
 */
export function cannotWrite(name: string, code: string | undefined, cause: unknown): OperatorError {
  const [why, hint] = reasonOf(code ?? String(cause));
  return new OperatorError(`cannot write to ${name}: ${why}`, hint, { cause });
}

const NEWLINE = 10;

function linesIn(bytes: Uint8Array, from: number, to: number): number {
  let lines = 0;
  for (let i = from; i < to; i++) if (bytes[i] === NEWLINE) lines++;
  return lines;
}

function reasonOf(code: string | undefined): readonly [why: string, hint: string] {
  return REASONS[code ?? ''] ?? [String(code), 'check where the output goes'];
}

const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EPIPE: ['its reader is gone (EPIPE)', 'keep the program that reads it running'],
  ENOSPC: ['no space left on the device (ENOSPC)', 'free space there, or write somewhere else'],
  EDQUOT: ['the disk quota is used up (EDQUOT)', 'free space there, or write somewhere else'],
  EFBIG: ['the file is as large as it may be (EFBIG)', 'rotate it, or raise the limit'],
  EIO: ['the device failed (EIO)', 'see dmesg'],
  EBADF: ['it is not open for writing (EBADF)', 'open it for writing'],
};
