import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { OperatorError } from '../model/errors.ts';
import type { OutputTarget } from './output.ts';

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_RDWR } = constants;
/** Read is the last byte alone. Nothing waits: the path may be a pipe's, which is refused. */
const HOW = O_RDWR | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK;
/** Who connects where is not everybody's business. */
const MODE = 0o640;
const NEWLINE = 10;

/**
 * A file of lines. Every write goes to its end, wherever that is by then, so that it may be truncated at any time
 * (`copytruncate` of logrotate); open() goes on in the file that has its name by then. It always ends with a whole line:
 * what a full disk took of one is taken back.
 */
export class LogFile implements OutputTarget {
  readonly name: string;
  readonly passing: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS']);
  #fd = -1;
  /** Its last line has no end: whoever wrote it was killed. */
  #torn = false;

  /** @param path made by open() when it isn't there */
  constructor(path: string) {
    this.name = path;
  }

  /** Opens the file, or goes on in the one that has the name now. Throws OperatorError, and then keeps the one before. */
  open(): void {
    const fd = openLog(this.name);
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = fd;
    this.#torn = isTorn(fd);
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    if (this.#torn) {
      writeSync(this.#fd, '\n');
      this.#torn = false;
    }
    const taken = writeSync(this.#fd, bytes, offset, length);
    if (taken === length) return taken;
    const end = offset + taken;
    const whole = Math.max(offset, bytes.subarray(0, end).lastIndexOf(NEWLINE) + 1);
    this.#takeBack(end - whole);
    if (whole === offset)
      throw Object.assign(new Error('not a whole line fits'), { code: 'ENOSPC' });
    return whole - offset;
  }

  #takeBack(count: number): void {
    try {
      const { size } = fstatSync(this.#fd);
      if (size >= count) ftruncateSync(this.#fd, size - count); // else it was truncated meanwhile
    } catch {
      this.#torn = true; // a file that may only grow (chattr +a)
    }
  }
}

function openLog(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, HOW, MODE);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new OperatorError(`cannot open ${path}: ${code}`, MENDS[code] ?? 'check the path', {
      cause: error,
    });
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new OperatorError(`${path} is no file`, 'without --log the lines go to standard output');
}

function isTorn(fd: number): boolean {
  const last = new Uint8Array(1);
  const { size } = fstatSync(fd);
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
}

const MENDS: Readonly<Record<string, string>> = {
  ENOENT: 'make its directory first',
  EACCES: 'run as a user who may write there',
  EISDIR: 'name a file in it',
  ENOSPC: 'free space there, or name a file elsewhere',
  EMFILE: 'raise the limit of open files (ulimit -n)',
};
