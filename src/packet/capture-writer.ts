import type { CapturedPacket } from './captured-packet.ts';

/** Writes one kind of capture file into a buffer: each verb writes at `pos` and returns the position after it. */
export interface CaptureWriter {
  /** Bytes at most that `begin` writes, and `packet` besides those that were captured. */
  readonly overhead: number;
  /** What the file begins with. */
  begin(out: Uint8Array, pos: number): number;
  /** Can the file hold packets of this link type? */
  holds(linkType: number): boolean;
  /** A packet that lies in `bytes`. */
  packet(out: Uint8Array, pos: number, bytes: Uint8Array, packet: CapturedPacket): number;
}

/** Writes a 32-bit number, little-endian. */
export function put32(out: Uint8Array, pos: number, value: number): number {
  out[pos] = value;
  out[pos + 1] = value >>> 8;
  out[pos + 2] = value >>> 16;
  out[pos + 3] = value >>> 24;
  return pos + 4;
}

/** Copies the captured bytes of a packet. */
export function putCaptured(
  out: Uint8Array,
  pos: number,
  bytes: Uint8Array,
  { at, captured }: CapturedPacket,
): number {
  out.set(bytes.subarray(at, at + captured), pos);
  return pos + captured;
}
