/**
 * The 64-bit number at word `w` as a double: exact up to 2^53, which is 104 days of nanoseconds, and within 2 ns for a
 * year.
 */
export function u64(words: Uint32Array, w: number): number {
  return words[w]! + words[w + 1]! * 0x1_0000_0000;
}

/** A 64-bit number as ids are told: 16 hexadecimal digits. */
export function hex64(low: number, high: number): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
