/**
 * IP addresses as text and as the 16 bytes of bpf/events.h: network order, IPv4 as ::ffff:a.b.c.d.
 */

/**
 * Reads an IPv4 or IPv6 address, as strictly as node:net's isIP and without zones (`%eth0`).
 * @returns 16 bytes, or undefined when the text is no address
 */
export function parseAddress(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  if (!text.includes(':')) {
    bytes[10] = 0xff;
    bytes[11] = 0xff;
    return parseV4(text, bytes, 12) ? bytes : undefined;
  }
  return parseV6(text, bytes) ? bytes : undefined;
}

/**
 * Writes an address as RFC 5952 wants it: lower case, the first longest run of two or more zero groups as `::`.
 * IPv4 (::ffff:a.b.c.d) is written as a.b.c.d.
 * @param at where in `bytes` the 16 bytes begin
 */
export function formatAddress(bytes: Uint8Array, at = 0): string {
  if (isV4(bytes, at)) {
    return `${bytes[at + 12]}.${bytes[at + 13]}.${bytes[at + 14]}.${bytes[at + 15]}`;
  }
  const run = longestZeroRun(bytes, at);
  let text = '';
  for (let group = 0; group < 8; group++) {
    if (group === run.start) {
      text += '::';
      group += run.length - 1;
      continue;
    }
    if (group > 0 && group !== run.start + run.length) text += ':';
    text += groupAt(bytes, at, group).toString(16);
  }
  return text;
}

/** Do the 16 bytes at `at` hold an IPv4 address (::ffff:0:0/96)? */
export function isV4(bytes: Uint8Array, at = 0): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}

function parseV4(text: string, into: Uint8Array, at: number): boolean {
  const parts = text.split('.');
  if (parts.length !== 4) return false;
  return parts.every((part, i) => {
    const value = Number(part);
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || value > 255) return false;
    into[at + i] = value;
    return true;
  });
}

function parseV6(text: string, into: Uint8Array): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return false;
  const groups = head.length + tail.length;
  if (halves.length === 2 ? groups > 7 : groups !== 8) return false;
  head.forEach((group, i) => setGroup(into, i, group));
  tail.forEach((group, i) => setGroup(into, 8 - tail.length + i, group));
  return true;
}

/** The 16-bit groups of one side of `::`; dotted decimals may stand for the last two where the address ends. */
function groupsOf(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const v4 = new Uint8Array(4);
    if (!last || i !== parts.length - 1 || !parseV4(part, v4, 0)) return undefined;
    groups.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!);
  }
  return groups;
}

function setGroup(bytes: Uint8Array, group: number, value: number): void {
  bytes[group * 2] = value >> 8;
  bytes[group * 2 + 1] = value & 0xff;
}

function groupAt(bytes: Uint8Array, at: number, group: number): number {
  return (bytes[at + group * 2]! << 8) | bytes[at + group * 2 + 1]!;
}

/** `start` is -1 when no two zero groups are neighbours. */
function longestZeroRun(bytes: Uint8Array, at: number): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groupAt(bytes, at, start + length) === 0) length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  return best;
}
