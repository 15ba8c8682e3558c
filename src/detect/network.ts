const MAPPED_WORD = 0xffff0000; // ::ffff:0:0, third word, little-endian

/**
 * One of the two words that name an address's network: its /24, of IPv6 its /64. Which addresses are one host's a
 * capture doesn't tell; those of one network stand in for them.
 * @param w where the address is @param half 0 or 1
 */
export function networkOf(words: Uint32Array, w: number, half: 0 | 1): number {
  const isV4 = words[w] === 0 && words[w + 1] === 0 && words[w + 2] === MAPPED_WORD;
  if (!isV4) return words[w + half]!;
  return half === 0 ? words[w + 3]! & 0xff_ffff : 0;
}
