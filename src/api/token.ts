import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorText, OperatorError } from '../model/errors.ts';
import { privateDirectory } from '../kernel/private-directory.ts';

const BYTES = 32;

/** What whoever changes something must know. */
export class Token {
  /** It was made just now: tell it, once. Undefined: it was there. */
  readonly made: string | undefined;
  /** Where it is kept; undefined: nowhere. */
  readonly path: string | undefined;
  /** Why it isn't kept. */
  readonly unkept: string | undefined;
  readonly #hash: Buffer;

  private constructor(text: string, about: Pick<Token, 'made' | 'path' | 'unkept'>) {
    this.made = about.made;
    this.path = about.path;
    this.unkept = about.unkept;
    this.#hash = hashOf(text);
  }

  /**
   * Reads the token of a directory that is this user's alone, or makes one; where this user can't have such a
   * directory, one for this run. Throws OperatorError for a file that is none.
   */
  static in(directory: string): Token {
    const fresh = randomBytes(BYTES).toString('base64url');
    const unkept = problemOf(directory);
    if (unkept !== undefined) return new Token(fresh, { made: fresh, path: undefined, unkept });
    const path = join(directory, 'token');
    if (makeFile(path, fresh)) return new Token(fresh, { made: fresh, path, unkept });
    return new Token(readToken(path), { made: undefined, path, unkept });
  }

  /** Compares in a time that tells nothing of where they differ. */
  is(text: string): boolean {
    return timingSafeEqual(hashOf(text), this.#hash);
  }
}

/** Why nothing can be kept there; undefined: it can. */
function problemOf(directory: string): string | undefined {
  try {
    mkdirSync(dirname(directory), { recursive: true });
    privateDirectory(directory);
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

/** Whole or not at all, and only where there is none: several programs may start at once. */
function makeFile(path: string, text: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false })) return false;
  const whole = `${path}.${process.pid}`;
  try {
    writeFileSync(whole, `${text}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(whole, path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new OperatorError(
      `cannot make the token ${path}: ${(cause as NodeJS.ErrnoException).code}`,
      'free space there, or leave --listen out',
      { cause },
    );
  } finally {
    rmSync(whole, { force: true });
  }
}

function readToken(path: string): string {
  const stats = lstatSync(path);
  const text = stats.isFile() ? readFileSync(path, 'utf8').trim() : '';
  if (!/^[A-Za-z0-9_-]{43,}$/.test(text))
    throw new OperatorError(`${path} holds no token`, 'remove it: the next start makes one');
  if ((stats.mode & 0o077) !== 0)
    throw new OperatorError(
      `others may read the token ${path}`,
      `rm ${path}: the next start makes another`,
    );
  return text;
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
