import { isV4 } from '../wire/address.ts';

/** Writers of ASCII into a byte buffer: each writes at `pos` and returns the position after it. None makes garbage. */

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function put(out: Uint8Array, pos: number, text: Uint8Array): number {
  for (let i = 0; i < text.length; i++) out[pos + i] = text[i]!;
  return pos + text.length;
}

/** A whole number in decimal; above 2^53, where not every number can be told, one nearby. */
export function decimal(out: Uint8Array, pos: number, value: number): number {
  if (value > 0xffffffff) {
    const high = Math.floor(value / 1e9);
    const low = Math.min(Math.max(value - high * 1e9, 0), 999_999_999);
    return digits(out, decimal(out, pos, high), low, 9);
  }
  let length = 1;
  for (let limit = 10; length < 10 && value >= limit; limit *= 10) length++;
  return digits(out, pos, value, length);
}

/** Exactly `length` decimal digits of a number below 2^32. */
export function digits(out: Uint8Array, pos: number, value: number, length: number): number {
  let rest = value;
  for (let i = pos + length - 1; i >= pos; i--) {
    const next = (rest * 0.1) >>> 0;
    out[i] = ZERO + rest - next * 10;
    rest = next;
  }
  return pos + length;
}

/** 16 hex digits of a 64-bit number. */
export function hex16(out: Uint8Array, pos: number, lo: number, hi: number): number {
  for (let i = 0; i < 8; i++) {
    out[pos + i] = HEX[(hi >>> (28 - 4 * i)) & 15]!;
    out[pos + 8 + i] = HEX[(lo >>> (28 - 4 * i)) & 15]!;
  }
  return pos + 16;
}

/** The address of 16 bytes at `at`: IPv4 (::ffff:a.b.c.d) dotted, IPv6 as RFC 5952 has it. */
export function address(out: Uint8Array, pos: number, bytes: Uint8Array, at: number): number {
  return isV4(bytes, at) ? ipv4(out, pos, bytes, at + 12) : ipv6(out, pos, bytes, at);
}

/** `a.b.c.d:port` or `[v6]:port`; the port is two little-endian bytes at `portAt`. */
export function endpoint(
  out: Uint8Array,
  pos: number,
  bytes: Uint8Array,
  at: number,
  portAt: number,
): number {
  let p = pos;
  if (isV4(bytes, at)) p = ipv4(out, p, bytes, at + 12);
  else {
    out[p++] = 0x5b; // [
    p = ipv6(out, p, bytes, at);
    out[p++] = 0x5d; // ]
  }
  out[p++] = COLON;
  return decimal(out, p, bytes[portAt]! | (bytes[portAt + 1]! << 8));
}

function ipv4(out: Uint8Array, pos: number, bytes: Uint8Array, at: number): number {
  let p = pos;
  for (let i = 0; i < 4; i++) {
    if (i > 0) out[p++] = DOT;
    const octet = bytes[at + i]!;
    const from = octet * 4;
    const length = OCTETS[from + 3]!;
    out[p] = OCTETS[from]!;
    out[p + 1] = OCTETS[from + 1]!;
    out[p + 2] = OCTETS[from + 2]!;
    p += length;
  }
  return p;
}

/** RFC 5952: lower case, no leading zeros, the first longest run of at least two zero groups as `::`. */
function ipv6(out: Uint8Array, pos: number, bytes: Uint8Array, at: number): number {
  let bestFrom = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && group(bytes, at, i + length) === 0) length++;
    if (length > bestLength) {
      bestFrom = i;
      bestLength = length;
    }
    i += length;
  }
  let p = pos;
  for (let i = 0; i < 8; i++) {
    if (i === bestFrom) {
      out[p++] = COLON;
      i += bestLength - 1;
      if (i === 7) out[p++] = COLON;
      continue;
    }
    if (i > 0) out[p++] = COLON;
    p = hex(out, p, group(bytes, at, i));
  }
  return p;
}

const group = (bytes: Uint8Array, at: number, i: number): number =>
  (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!;

function hex(out: Uint8Array, pos: number, value: number): number {
  let p = pos;
  if (value > 0xfff) out[p++] = HEX[value >> 12]!;
  if (value > 0xff) out[p++] = HEX[(value >> 8) & 15]!;
  if (value > 0xf) out[p++] = HEX[(value >> 4) & 15]!;
  out[p++] = HEX[value & 15]!;
  return p;
}

const ZERO = 0x30;
const COLON = 0x3a;
const DOT = 0x2e;
const HEX: Uint8Array = ascii('0123456789abcdef');

/** The text of each octet: three bytes, and how many of them count. */
const OCTETS: Uint8Array = new Uint8Array(256 * 4);
for (let octet = 0; octet < 256; octet++) {
  const text = ascii(String(octet));
  OCTETS.set(text, octet * 4);
  OCTETS[octet * 4 + 3] = text.length;
}
