/**
 * TCP segments by the hundred thousand: the same bytes as tcpFrame of test/support/frames.ts, which builds from parts
 * and is a good deal slower.
 */
import { parseAddress } from '../../src/wire/address.ts';
import { EtherType, Protocol } from '../support/frames.ts';
import type { Address } from './case.ts';

export interface Segment {
  readonly src: Address;
  readonly dst: Address;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  /** A multiple of 4 bytes. */
  readonly tcpOptions?: Uint8Array;
  readonly payload?: Uint8Array;
}

/** A segment in an Ethernet frame, every checksum right. */
export function segmentFrame(segment: Segment): Uint8Array {
  const { tcpOptions, payload } = segment;
  const options = tcpOptions?.length ?? 0;
  const length = 20 + options + (payload?.length ?? 0);
  const v6 = segment.src.includes(':');
  const at = 14 + (v6 ? 40 : 20);
  const frame = new Uint8Array(at + length);
  frame[0] = frame[6] = 2;
  frame[5] = 1;
  frame[11] = 2;
  write16(frame, 12, v6 ? EtherType.IPV6 : EtherType.IPV4);
  if (v6) writeIp6(frame, segment, length);
  else writeIp4(frame, segment, length);

  write16(frame, at, segment.srcPort);
  write16(frame, at + 2, segment.dstPort);
  write32(frame, at + 4, segment.seq);
  write32(frame, at + 8, segment.ack);
  frame[at + 12] = (5 + options / 4) << 4;
  frame[at + 13] = segment.flags;
  write16(frame, at + 14, 64240);
  if (tcpOptions) frame.set(tcpOptions, at + 20);
  if (payload) frame.set(payload, at + 20 + options);
  // Addresses lie before the segment in both headers; protocol and length complete the pseudo header.
  const sum = Protocol.TCP + length + sumOf(frame, at - (v6 ? 32 : 8), frame.length);
  write16(frame, at + 16, folded(sum));
  return frame;
}

function writeIp4(frame: Uint8Array, { src, dst }: Segment, length: number): void {
  frame[14] = 0x45;
  write16(frame, 16, 20 + length);
  write16(frame, 18, 0x1234);
  frame[22] = 64;
  frame[23] = Protocol.TCP;
  const [from, to] = [bytesOf(src), bytesOf(dst)];
  for (let i = 0; i < 4; i++) {
    frame[26 + i] = from[12 + i]!;
    frame[30 + i] = to[12 + i]!;
  }
  write16(frame, 24, folded(sumOf(frame, 14, 34)));
}

function writeIp6(frame: Uint8Array, { src, dst }: Segment, length: number): void {
  frame[14] = 0x60;
  write16(frame, 18, length);
  frame[20] = Protocol.TCP;
  frame[21] = 64;
  frame.set(bytesOf(src), 22);
  frame.set(bytesOf(dst), 38);
}

function write16(frame: Uint8Array, at: number, value: number): void {
  frame[at] = value >>> 8;
  frame[at + 1] = value;
}

function write32(frame: Uint8Array, at: number, value: number): void {
  write16(frame, at, value >>> 16);
  write16(frame, at + 2, value);
}

/** Of 16-bit words; an odd last byte counts as followed by zero (RFC 1071). */
function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i += 2) sum += (bytes[i]! << 8) | (i + 1 < to ? bytes[i + 1]! : 0);
  return sum;
}

function folded(sum: number): number {
  const once = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~((once & 0xffff) + (once >>> 16)) & 0xffff;
}

/** Addresses that were read lately; spoofed ones come once each, so there is a bound. */
const known = new Map<Address, Uint8Array>();
const KNOWN_MOST = 4096;

function bytesOf(address: Address): Uint8Array {
  let bytes = known.get(address);
  if (bytes) return bytes;
  bytes = parseAddress(address);
  if (!bytes) throw new Error(`${address} is no address`);
  if (known.size === KNOWN_MOST) known.clear();
  known.set(address, bytes);
  return bytes;
}
