/** Arithmetic of sequence numbers, modulo 2^32 (RFC 9293 3.4). */

/** How far `a` is ahead of `b`: from -2^31 to 2^31 - 1. */
export function ahead(a: number, b: number): number {
  return (a - b) | 0;
}

/** The later of two. */
export function later(a: number, b: number): number {
  return ((a - b) | 0) > 0 ? a : b;
}
