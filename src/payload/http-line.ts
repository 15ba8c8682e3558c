import { lineEnd, trimmedEnd } from './http-fields.ts';
import { Reading, someMore } from './reading.ts';

/** The longest method of IANA's registry, UPDATEREDIRECTREF, has 17 letters. */
const METHOD_MAX = 24;
/** Length of `HTTP/1.1`. */
const VERSION = 8;
/** Length of `HTTP/1.1 200`. */
const STATUS = 12;
const LF = 10;
const CR = 13;
const SP = 32;
const DASH = 45;
const SLASH = 47;
const HTTP = [0x48, 0x54, 0x54, 0x50, 0x2f]; // HTTP/
const GET = [0x47, 0x45, 0x54];

/** Where the parts of a request line lie (RFC 9112 3); one object serves all. */
export class RequestLine {
  /** The method, from here to the space. */
  start = 0;
  space = 0;
  targetEnd = 0;
  /** Of the eight bytes `HTTP/1.1`; -1 when there is none: HTTP/0.9, or a line that is cut. */
  version = -1;
  /** Where the fields begin; -1 when the line is cut. */
  next = -1;

  /** Whether a request line begins at `from`: a Reading, `done` when it is told here. */
  read(bytes: Uint8Array, from: number, to: number, last: boolean): number {
    this.start = from;
    // RFC 9112 2.2: an empty line before it is ignored
    while (this.start < to && (bytes[this.start] === CR || bytes[this.start] === LF)) this.start++;
    this.space = methodEnd(bytes, this.start, to);
    if (this.space < 0) return Reading.unlike;
    const end = lineEnd(bytes, this.space, to);
    this.next = end < 0 ? -1 : end + 1;
    if (end < 0) return last ? this.#cut(bytes, to) : someMore(to - from);
    const stop = trimmedEnd(bytes, this.space, end);
    this.version = stop - VERSION;
    if (this.version > this.space && isVersion(bytes, this.version, stop)) {
      this.targetEnd = this.version - 1;
      return this.targetEnd > this.space + 1 ? Reading.done : Reading.unlike;
    }
    const isGet = this.space - this.start === GET.length && startsWith(bytes, this.start, to, GET);
    return this.#withoutVersion(stop, isGet);
  }

  /** A line that doesn't end here is one when its target begins with a slash. */
  #cut(bytes: Uint8Array, to: number): number {
    const target = this.space + 1;
    const end = bytes.subarray(target, to).indexOf(SP);
    const isOne = target < to && bytes[target] === SLASH;
    return this.#withoutVersion(end < 0 ? trimmedEnd(bytes, target, to) : target + end, isOne);
  }

  #withoutVersion(end: number, isOne: boolean): number {
    this.version = -1;
    this.targetEnd = end;
    return isOne && end > this.space + 1 ? Reading.done : Reading.unlike;
  }
}

/**
 * Where the status code of the response lies that begins at `from` (RFC 9112 4), or one of Reading.unlike and, where
 * its bytes aren't there, `to`.
 */
export function statusAt(bytes: Uint8Array, from: number, to: number): number {
  for (let i = 0; i < HTTP.length && from + i < to; i++)
    if (upper(bytes[from + i]!) !== HTTP[i]) return Reading.unlike;
  if (to - from < STATUS) return to;
  if (!isVersion(bytes, from, from + VERSION) || bytes[from + VERSION] !== SP)
    return Reading.unlike;
  for (let i = from + VERSION + 1; i < from + STATUS; i++)
    if (!isDigit(bytes[i]!)) return Reading.unlike;
  return from + VERSION + 1;
}

/** The space after a method; `to` when there are only letters of one so far; -1 for anything else. */
function methodEnd(bytes: Uint8Array, from: number, to: number): number {
  const most = Math.min(to, from + METHOD_MAX);
  for (let i = from; i < most; i++) {
    const byte = bytes[i]!;
    if (byte === SP) return i > from ? i : -1;
    if ((byte < 0x41 || byte > 0x5a) && byte !== DASH) return -1;
  }
  return most === to ? to : -1;
}

/** Is this ` HTTP/` with a digit, a dot and a digit? The bytes are those before `end`. */
function isVersion(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    startsWith(bytes, at, end, HTTP) &&
    isDigit(bytes[at + 5]!) &&
    bytes[at + 6] === 0x2e &&
    isDigit(bytes[at + 7]!)
  );
}

function startsWith(
  bytes: Uint8Array,
  at: number,
  end: number,
  prefix: readonly number[],
): boolean {
  if (end - at < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (upper(bytes[at + i]!) !== prefix[i]) return false;
  return true;
}

/** Some write `http/1.1`, and are understood. */
function upper(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte & ~0x20 : byte;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
