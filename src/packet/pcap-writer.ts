import { type CaptureWriter, put32, putCaptured } from './capture-writer.ts';
import type { CapturedPacket } from './captured-packet.ts';

const MAGIC_NS = 0xa1b23c4d;
/** Major 2, minor 4. */
const VERSION = 0x0004_0002;
const LAST_SECOND = 0xffff_ffff;

/** pcap with nanoseconds (draft-ietf-opsawg-pcap): packets of one link type. */
export class PcapWriter implements CaptureWriter {
  readonly overhead = 24;
  readonly #linkType: number;
  readonly #snapLength: number;

  /** @param snapLength most bytes that were captured of a packet */
  constructor(linkType: number, snapLength: number) {
    this.#linkType = linkType;
    this.#snapLength = snapLength;
  }

  begin(out: Uint8Array, pos: number): number {
    let p = put32(out, pos, MAGIC_NS);
    p = put32(out, p, VERSION);
    p = put32(out, p, 0);
    p = put32(out, p, 0);
    p = put32(out, p, this.#snapLength);
    return put32(out, p, this.#linkType);
  }

  holds(linkType: number): boolean {
    return linkType === this.#linkType;
  }

  packet(out: Uint8Array, pos: number, bytes: Uint8Array, packet: CapturedPacket): number {
    let p = put32(out, pos, Math.min(packet.seconds, LAST_SECOND));
    p = put32(out, p, packet.nanoseconds);
    p = put32(out, p, packet.captured);
    p = put32(out, p, packet.length);
    return putCaptured(out, p, bytes, packet);
  }
}
