import type { Layers } from './layers.ts';
import { stampId } from '../wire/id.ts';
import { Head } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';

/** Words of a head where an address begins. */
export const SRC: number = Head.src >> 2;
export const DST: number = Head.dst >> 2;

/** Of a segment or datagram. */
export interface Ports {
  readonly srcPort: number;
  readonly dstPort: number;
}

/** A record's head, of the packet at hand: the same for packets from interfaces and from files. */
export class PacketHead {
  readonly words: Uint32Array = new Uint32Array(Head.size / 4);
  readonly bytes: Uint8Array = new Uint8Array(this.words.buffer);

  constructor() {
    this.words[Head.count >> 2] = 1;
  }

  time(tsNs: number): void {
    this.words[0] = tsNs; // its lower 32 bits
    this.words[1] = Math.floor(tsNs / 0x1_0000_0000);
  }

  /** Fills in both ends, which is all that finds a connection. @param swapped the packet comes from the responder */
  ends(layers: Layers, ports: Ports, swapped: boolean): void {
    const { bytes, ip, family } = layers;
    const { srcPort, dstPort } = ports;
    const head = this.words;
    const src = swapped ? DST : SRC;
    const dst = swapped ? SRC : DST;
    if (family === 4) {
      fillV4(head, src, bytes, ip + 12);
      fillV4(head, dst, bytes, ip + 16);
    } else {
      for (let i = 0; i < 4; i++) {
        head[src + i] = word(bytes, ip + 8 + 4 * i);
        head[dst + i] = word(bytes, ip + 24 + 4 * i);
      }
    }
    head[Head.src_port >> 2] = swapped ? dstPort | (srcPort << 16) : srcPort | (dstPort << 16);
    this.bytes[Head.family] = family;
  }

  /** Fills in the id, once both ends are there. @param isn initial sequence number of the originator */
  identify(isn: number): void {
    this.words[Head.isn >> 2] = isn;
    stampId(this.words, this.bytes, 0);
  }

  /** The id, in two halves. */
  get idLow(): number {
    return this.words[Head.id >> 2]!;
  }

  get idHigh(): number {
    return this.words[(Head.id >> 2) + 1]!;
  }

  /** Makes a record of it. @param kind one of Kind @param flags bits of Flag */
  append(writer: RecordWriter, kind: number, flags: number): void {
    const at = writer.append(kind, Head.size);
    this.bytes[Head.kind] = kind;
    this.bytes[Head.flags] = flags;
    for (let i = 0; i < Head.size / 4; i++) writer.words[(at >> 2) + i] = this.words[i]!;
  }
}

/** Four bytes as they lie, as a little-endian word. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function fillV4(head: Uint32Array, w: number, bytes: Uint8Array, at: number): void {
  head[w] = 0;
  head[w + 1] = 0;
  head[w + 2] = 0xffff_0000;
  head[w + 3] = word(bytes, at);
}
