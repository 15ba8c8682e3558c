/**
 * Whom rules judge: a source as it is, or of IPv6 its prefix, since one host may have all addresses of a /64.
 * Which prefixes are on a link, and so shared by neighbours, nobody knows here; the kernel judges those in full.
 */
export class SourceKey {
  readonly #mask: Uint32Array;

  /** @param v6Prefix IPv6 sources with so many equal leading bits are one */
  constructor(v6Prefix: number) {
    this.#mask = maskOf(v6Prefix);
  }

  /** Reads an address, whose first word is `src`, into the first four words of `key`. */
  read(key: Uint32Array, words: Uint32Array, src: number, v6: boolean): void {
    for (let i = 0; i < 4; i++) key[i] = v6 ? words[src + i]! & this.#mask[i]! : words[src + i]!;
  }
}

/** The first `bits` of 128, in network order. */
function maskOf(bits: number): Uint32Array {
  const mask = new Uint8Array(16);
  for (let bit = 0; bit < bits; bit++) mask[bit >> 3]! |= 0x80 >> (bit & 7);
  return new Uint32Array(mask.buffer);
}
