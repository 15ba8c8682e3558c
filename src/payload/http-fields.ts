import { byteText, TEXT_MAX } from './text.ts';

const LF = 10;
const CR = 13;
const HT = 9;
const SP = 32;
const COLON = 58;

/** Where the line that begins at `at` ends: the position of its LF, or -1 when it isn't there. */
export function lineEnd(bytes: Uint8Array, at: number, to: number): number {
  for (let i = at; i < to; i++) if (bytes[i] === LF) return i;
  return -1;
}

/** The same without a CR before it (RFC 9112 2.2 lets a bare LF end a line). */
export function trimmedEnd(bytes: Uint8Array, at: number, end: number): number {
  return end > at && bytes[end - 1] === CR ? end - 1 : end;
}

/** The fields of one message head that are told; one object serves all. */
export class HttpFields {
  host: string | undefined;
  userAgent: string | undefined;
  forwardedFor: string | undefined;
  forwarded: string | undefined;
  /** Where the body begins; -1 when the head doesn't end within the bytes. */
  end = -1;

  /** Reads the field lines (RFC 9112 5) from `at` on, those that are whole. */
  read(bytes: Uint8Array, at: number, to: number): void {
    this.host = undefined;
    this.userAgent = undefined;
    this.forwardedFor = undefined;
    this.forwarded = undefined;
    this.end = -1;
    for (let line = at; ; ) {
      const end = lineEnd(bytes, line, to);
      if (end < 0) return;
      const stop = trimmedEnd(bytes, line, end);
      if (stop === line) {
        this.end = end + 1;
        return;
      }
      this.#field(bytes, line, stop);
      line = end + 1;
    }
  }

  #field(bytes: Uint8Array, at: number, end: number): void {
    if (isNamed(bytes, at, end, 'host')) this.host ??= valueOf(bytes, at + 5, end);
    else if (isNamed(bytes, at, end, 'user-agent')) this.userAgent ??= valueOf(bytes, at + 11, end);
    else if (isNamed(bytes, at, end, 'forwarded'))
      this.forwarded = joined(this.forwarded, valueOf(bytes, at + 10, end));
    else if (isNamed(bytes, at, end, 'x-forwarded-for'))
      this.forwardedFor = joined(this.forwardedFor, valueOf(bytes, at + 16, end));
  }
}

/** Does the line begin with this name, given in lower case, and a colon? */
function isNamed(bytes: Uint8Array, at: number, end: number, name: string): boolean {
  if (at + name.length >= end || bytes[at + name.length] !== COLON) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[at + i]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}

function valueOf(bytes: Uint8Array, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(bytes[start]!)) start++;
  while (end > start && isBlank(bytes[end - 1]!)) end--;
  return byteText(bytes, start, end);
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HT;
}

/** Several fields of one name are one list (RFC 9110 5.3). */
function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`.slice(0, TEXT_MAX);
}
