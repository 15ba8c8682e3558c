import { put } from './write.ts';

/**
 * A process name (NUL-terminated, any bytes) for a terminal: what isn't printable comes as an escape, so that a name
 * can neither end the line nor command the terminal.
 */
export function textName(
  out: Uint8Array,
  pos: number,
  bytes: Uint8Array,
  at: number,
  size: number,
): number {
  const length = plainLength(bytes, at, size);
  if (length >= 0) return copy(out, pos, bytes, at, length);
  return put(
    out,
    pos,
    ENCODER.encode(decode(bytes, at, size).replaceAll('\\', '\\\\').replace(UNSAFE, escape)),
  );
}

/** The same as the inside of a JSON string; bytes that are no UTF-8 become U+FFFD. */
export function jsonName(
  out: Uint8Array,
  pos: number,
  bytes: Uint8Array,
  at: number,
  size: number,
): number {
  const length = plainLength(bytes, at, size);
  if (length >= 0) return copy(out, pos, bytes, at, length);
  return put(out, pos, jsonText(decode(bytes, at, size)));
}

/** The inside of a JSON string, with everything escaped that could disturb a terminal. */
export function jsonText(text: string): Uint8Array {
  return safe(JSON.stringify(text).slice(1, -1));
}

/** A text with everything escaped that could end a line or disturb a terminal. */
export function safe(text: string): Uint8Array {
  return ENCODER.encode(text.replace(UNSAFE, escape));
}

/** A line for a terminal in which foreign names may be, those of interfaces say: each disturbing character escaped. */
export function terminalLine(text: string): string {
  return text.replace(UNSAFE, escape);
}

/** Text that has one character for each byte (model/metadata.ts) as UTF-8; bytes that are none become U+FFFD. */
export function fromBytes(text: string): string {
  for (let i = 0; i < text.length; i++)
    if (text.charCodeAt(i) > 0x7f) return DECODER.decode(Uint8Array.from(text, codeOf));
  return text;
}

const codeOf = (character: string): number => character.charCodeAt(0);

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Control characters (C0, DEL, C1), separators and overrides of the writing direction. */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd]/g;

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Length of a name of printable ASCII without quotes and backslashes; -1 for all others. */
function plainLength(bytes: Uint8Array, at: number, size: number): number {
  for (let i = 0; i < size; i++) {
    const byte = bytes[at + i]!;
    if (byte === 0) return i;
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return -1;
  }
  return size;
}

function copy(out: Uint8Array, pos: number, bytes: Uint8Array, at: number, length: number): number {
  for (let i = 0; i < length; i++) out[pos + i] = bytes[at + i]!;
  return pos + length;
}

function decode(bytes: Uint8Array, at: number, size: number): string {
  let end = at;
  while (end < at + size && bytes[end] !== 0) end++;
  return DECODER.decode(bytes.subarray(at, end));
}
