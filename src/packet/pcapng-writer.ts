import { type CaptureWriter, put32, putCaptured } from './capture-writer.ts';
import type { CapturedPacket } from './captured-packet.ts';

/** Block types. */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const PACKET = 6;

const BYTE_ORDER = 0x1a2b3c4d;
/** Major 1, minor 0. */
const VERSION = 1;
const UNKNOWN_LENGTH = 0xffff_ffff;
/** Option if_tsresol, one byte: nanoseconds. */
const RESOLUTION = 0x0001_0009;
const NANOSECONDS = 9;

const SECTION_LENGTH = 28;
const INTERFACE_LENGTH = 32;
const PACKET_LENGTH = 32;

/** pcapng (draft-ietf-opsawg-pcapng): one section, an interface for each link type, nanoseconds. */
export class PcapngWriter implements CaptureWriter {
  /** With the interface before it and the padding behind it. */
  readonly overhead: number = INTERFACE_LENGTH + PACKET_LENGTH + 3;
  /** By link type. */
  readonly #interfaces: Map<number, number> = new Map();

  begin(out: Uint8Array, pos: number): number {
    let p = put32(out, pos, SECTION);
    p = put32(out, p, SECTION_LENGTH);
    p = put32(out, p, BYTE_ORDER);
    p = put32(out, p, VERSION);
    p = put32(out, p, UNKNOWN_LENGTH);
    p = put32(out, p, UNKNOWN_LENGTH);
    return put32(out, p, SECTION_LENGTH);
  }

  holds(): boolean {
    return true;
  }

  packet(out: Uint8Array, pos: number, bytes: Uint8Array, packet: CapturedPacket): number {
    let p = pos;
    let index = this.#interfaces.get(packet.linkType);
    if (index === undefined) {
      p = describe(out, p, packet);
      index = this.#interfaces.size;
      this.#interfaces.set(packet.linkType, index);
    }
    const padding = -packet.captured & 3;
    const length = PACKET_LENGTH + packet.captured + padding;
    p = put32(out, p, PACKET);
    p = put32(out, p, length);
    p = put32(out, p, index);
    p = this.#time(out, p, packet);
    p = put32(out, p, packet.captured);
    p = put32(out, p, packet.length);
    p = putCaptured(out, p, bytes, packet);
    for (let i = 0; i < padding; i++) out[p++] = 0;
    return put32(out, p, length);
  }

  /** Nanoseconds since 1970 in 64 bits, the upper half first; computed by halves of the seconds, which doubles hold. */
  #time(out: Uint8Array, pos: number, { seconds, nanoseconds }: CapturedPacket): number {
    const upper = Math.floor(seconds / 0x1_0000) * 1e9;
    const lower = (seconds % 0x1_0000) * 1e9 + nanoseconds + (upper % 0x1_0000) * 0x1_0000;
    const high = Math.floor(upper / 0x1_0000) + Math.floor(lower / 0x1_0000_0000);
    return put32(out, put32(out, pos, high), lower);
  }
}

/** The interface that a packet is the first one of. */
function describe(out: Uint8Array, pos: number, { linkType, snapLength }: CapturedPacket): number {
  let p = put32(out, pos, INTERFACE);
  p = put32(out, p, INTERFACE_LENGTH);
  p = put32(out, p, linkType);
  p = put32(out, p, snapLength);
  p = put32(out, p, RESOLUTION);
  p = put32(out, p, NANOSECONDS);
  p = put32(out, p, 0); // end of options
  return put32(out, p, INTERFACE_LENGTH);
}
