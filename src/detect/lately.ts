const PLACES = 65_536;

/**
 * When something was seen last: places that are overwritten when they are needed, so that nothing expires and no flood
 * fills anything; as `pw_opens` and `pw_peers` of the kernel programs (bpf/memory.h).
 */
export class Lately {
  readonly #tags: Uint32Array = new Uint32Array(PLACES);
  /** Seconds, by the packets' clock; 0: free. */
  readonly #seconds: Uint32Array = new Uint32Array(PLACES);

  /** @param hash 32 bits of what it is */
  note(hash: number, seconds: number): void {
    const place = placeOf(hash);
    this.#tags[place] = hash;
    this.#seconds[place] = seconds;
  }

  /** Was it seen within so many seconds? */
  within(hash: number, seconds: number, most: number): boolean {
    const place = placeOf(hash);
    const seen = this.#seconds[place]!;
    return seen !== 0 && this.#tags[place] === hash >>> 0 && seconds - seen <= most;
  }
}

function placeOf(hash: number): number {
  return (hash ^ (hash >>> 16)) & (PLACES - 1);
}

/** An end: its address of four words at `w`, and a port; `seed` tells whose memory of it this is. */
export function endHash(words: Uint32Array, w: number, port: number, seed: number): number {
  let h = Math.imul(seed ^ port, 0x9e3779b1);
  for (let i = 0; i < 4; i++) {
    h = Math.imul(h ^ words[w + i]!, 0x85ebca6b);
    h ^= h >>> 15;
  }
  return Math.imul(h, 0xc2b2ae35) >>> 0;
}
