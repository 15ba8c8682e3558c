import { byteText } from './text.ts';

/** Before it no name can be (RFC 1035 4.1.1). */
export const DNS_HEADER = 12;

/** Most bytes of a name with its label lengths (RFC 1035 2.3.4). */
const NAME_MAX = 255;
/** Bits that make two bytes a pointer (RFC 1035 4.1.4). */
const POINTER = 0xc0;

/** A domain name of a DNS message; one object serves all. */
export class DnsName {
  /** Labels joined by dots; the root is `.`. */
  text = '';
  /** Where the name ends and what follows it begins. */
  end = 0;

  /**
   * Reads the name at `at` of the message that begins at `start`; false when it isn't one. A pointer leads to an
   * earlier place than where it stands and than any before it led to, so no message can send us round in circles.
   */
  read(bytes: Uint8Array, start: number, at: number, to: number): boolean {
    let text = '';
    let length = 1;
    let earliest = at;
    let end = -1;
    for (let p = at; p < to; ) {
      const size = bytes[p]!;
      if (size === 0) {
        this.text = text === '' ? '.' : text;
        this.end = end < 0 ? p + 1 : end;
        return true;
      }
      if (size >= POINTER) {
        if (p + 2 > to) return false;
        if (end < 0) end = p + 2;
        p = start + (((size & ~POINTER) << 8) | bytes[p + 1]!);
        if (p >= earliest || p < start + DNS_HEADER) return false;
        earliest = p;
        continue;
      }
      length += size + 1;
      if (size > 63 || length > NAME_MAX || p + 1 + size > to) return false;
      if (text !== '') text += '.';
      text += label(bytes, p + 1, p + 1 + size);
      p += 1 + size;
    }
    return false;
  }
}

/** The same for all ways to write it: DNS compares ASCII letters without their case (RFC 4343 3). */
export function plainName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function label(bytes: Uint8Array, from: number, to: number): string {
  return byteText(bytes, from, to).replace(/[.\\]/g, '\\$&');
}
