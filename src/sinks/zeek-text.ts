/** What stands for a field without a value, and for an empty text. */
export const UNSET = '-';
export const EMPTY = '(empty)';

/**
 * Writes text as Zeek's log writer has it (src/Desc.cc, src/threading/formatters/Ascii.cc): what isn't printable ASCII
 * is `\xNN`, byte by byte, a backslash is doubled, and a text that would stand for none begins with an escape.
 */
export function zeekText(
  out: Uint8Array,
  pos: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): number {
  if (length === 0) return copy(out, pos, EMPTY);
  let p = pos;
  const reserved = isText(bytes, at, length, UNSET) || isText(bytes, at, length, EMPTY);
  for (let i = 0; i < length; i++) {
    const byte = bytes[at + i]!;
    if (byte < 0x20 || byte > 0x7e || (reserved && i === 0)) p = copy(out, p, hex(byte));
    else {
      if (byte === BACKSLASH) out[p++] = BACKSLASH;
      out[p++] = byte;
    }
  }
  return p;
}

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;

function isText(bytes: Uint8Array, at: number, length: number, text: string): boolean {
  if (length !== text.length) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function copy(out: Uint8Array, pos: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[pos + i] = text.charCodeAt(i);
  return pos + text.length;
}

const BACKSLASH = 0x5c;
