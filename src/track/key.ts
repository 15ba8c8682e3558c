import type { Layers } from '../packet/layers.ts';

/** Words of a PacketKey, as of a row from Row.src on. */
export const KEY_PORTS = 8;

/** Which connection a packet belongs to: both ends, in the packet's direction. One object serves all packets. */
export class PacketKey {
  /** Addresses as in records, the source's first; then the ports, the source's in the lower half. */
  words: Uint32Array = new Uint32Array(9);
  /** Words that tell addresses of the family apart: those of IPv4 have but the last. */
  firstWord = 0;
  /** Protocol number, and the family 8 bits above. */
  kind = 0;
  /** Nothing answers such packets: those in the other direction belong to another conversation. */
  oneWay = false;
  /** The same in both directions. */
  hash = 0;
  readonly #v6: Uint32Array = this.words;
  readonly #v4: Uint32Array = Uint32Array.of(0, 0, 0xffff_0000, 0, 0, 0, 0xffff_0000, 0, 0);
  readonly #seed: number;

  /** @param seed 32 random bits, so that nobody can aim many connections at one place */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** Takes addresses from the IP header at hand. */
  fill(layers: Layers, proto: number, srcPort: number, dstPort: number, oneWay: boolean): void {
    const { bytes, ip, family } = layers;
    this.kind = proto | (family << 8);
    this.oneWay = oneWay;
    const words = family === 4 ? this.#v4 : this.#v6;
    this.words = words;
    words[KEY_PORTS] = srcPort | (dstPort << 16);
    if (family === 4) {
      this.firstWord = 3;
      words[3] = wordAt(bytes, ip + 12);
      words[7] = wordAt(bytes, ip + 16);
    } else {
      this.firstWord = 0;
      for (let i = 0; i < 4; i++) {
        words[i] = wordAt(bytes, ip + 8 + 4 * i);
        words[4 + i] = wordAt(bytes, ip + 24 + 4 * i);
      }
    }
    this.#scatter(srcPort, dstPort);
  }

  /** Is it sent to everybody (RFC 919)? Nobody has this address. */
  get isBroadcast(): boolean {
    return this.words[7] === 0xffff_ffff && this.kind >> 8 === 4;
  }

  #scatter(srcPort: number, dstPort: number): void {
    const { words } = this;
    let src = this.#seed ^ srcPort;
    let dst = this.#seed ^ dstPort;
    for (let i = this.firstWord; i < 4; i++) {
      src = mix(src, words[i]!);
      dst = mix(dst, words[4 + i]!);
    }
    const h = Math.imul((src + dst) ^ this.kind, 0xc2b2ae3d);
    this.hash = (h ^ (h >>> 16)) >>> 0;
  }
}

function mix(hash: number, word: number): number {
  const h = Math.imul(hash ^ word, 0x9e3779b1);
  return Math.imul(h ^ (h >>> 15), 0x85ebca77) ^ (h >>> 13);
}

/** Four bytes as they lie, as a little-endian word. */
function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
