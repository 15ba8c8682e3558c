import { isV4 } from '../wire/address.ts';

/** This host's addresses, looked up by the four words of a record (network order, IPv4 as ::ffff:a.b.c.d). */
export class OwnAddresses {
  #v4: ReadonlySet<number> = new Set();
  /** By their last word. */
  #v6: ReadonlyMap<number, readonly Uint32Array[]> = new Map();

  /** @param addresses 16 bytes each */
  set(addresses: readonly Uint8Array[]): void {
    const v4 = new Set<number>();
    const v6 = new Map<number, Uint32Array[]>();
    for (const address of addresses) {
      const words = new Uint32Array(Uint8Array.from(address).buffer);
      const last = words[3]! | 0; // a small integer to V8, which it finds faster
      if (isV4(address)) v4.add(last);
      else v6.set(last, [...(v6.get(last) ?? []), words]);
    }
    this.#v4 = v4;
    this.#v6 = v6;
  }

  /** Is the address that begins at `words[w]` ours? All of 127/8 is. */
  has(words: Uint32Array, w: number, family: number): boolean {
    const last = words[w + 3]! | 0;
    if (family === 4) return (last & 0xff) === 127 || this.#v4.has(last);
    const known = this.#v6.get(last);
    return (
      known !== undefined &&
      known.some((k) => k[0] === words[w] && k[1] === words[w + 1] && k[2] === words[w + 2])
    );
  }
}
