import { Head } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import type { ProcRow } from './proc-rows.ts';

/**
 * A pair of endpoints as a string of 16-bit units: address a, address b, port a, port b; of IPv4 addresses only the
 * last word. The lower endpoint comes first, so the two rows of a connection within this host have one key.
 */
export type PairKey = string;

/** Is the row's local end the first in its key? */
export function localIsFirst(row: ProcRow): boolean {
  for (let i = 0; i < 4; i++) {
    if (row.local[i] !== row.remote[i]) return row.local[i]! < row.remote[i]!;
  }
  return row.localPort <= row.remotePort;
}

export function pairKey(row: ProcRow, localFirst: boolean): PairKey {
  const a = localFirst ? row.local : row.remote;
  const b = localFirst ? row.remote : row.local;
  const portA = localFirst ? row.localPort : row.remotePort;
  const portB = localFirst ? row.remotePort : row.localPort;
  const a3 = a[3]!;
  const b3 = b[3]!;
  if (isMapped(a) && isMapped(b)) {
    return String.fromCharCode(a3 >>> 16, a3 & 0xffff, b3 >>> 16, b3 & 0xffff, portA, portB);
  }
  return String.fromCharCode(
    ...[a[0]!, a[1]!, a[2]!, a3, b[0]!, b[1]!, b[2]!, b3].flatMap((w) => [w >>> 16, w & 0xffff]),
    portA,
    portB,
  );
}

/** Port of end a or b. */
export function portOf(key: PairKey, a: boolean): number {
  return key.charCodeAt(key.length - (a ? 2 : 1));
}

/** Do both ends have the same address, or are both in 127.0.0.0/8? */
export function isWithinHost(key: PairKey): boolean {
  const units = (key.length - 2) / 2;
  if (key.slice(0, units) === key.slice(units, 2 * units)) return true;
  return (
    key.length === V4_UNITS &&
    (key.charCodeAt(1) & 0xff) === 127 &&
    (key.charCodeAt(3) & 0xff) === 127
  );
}

/** Writes src, dst, their ports and the family of the record at `at`. */
export function writePair(writer: RecordWriter, at: number, key: PairKey, aIsSrc: boolean): void {
  const v4 = key.length === V4_UNITS;
  writeAddress(writer, at + (aIsSrc ? Head.src : Head.dst), key, 0, v4);
  writeAddress(writer, at + (aIsSrc ? Head.dst : Head.src), key, v4 ? 2 : 8, v4);
  writer.halves[(at + Head.src_port) >> 1] = portOf(key, aIsSrc);
  writer.halves[(at + Head.dst_port) >> 1] = portOf(key, !aIsSrc);
  writer.bytes[at + Head.family] = v4 ? 4 : 6;
}

export function isMapped(address: Uint32Array): boolean {
  return address[0] === 0 && address[1] === 0 && address[2] === V4_PREFIX;
}

function writeAddress(
  writer: RecordWriter,
  at: number,
  key: PairKey,
  unit: number,
  v4: boolean,
): void {
  const first = at >> 2;
  const words = writer.words;
  if (v4) words[first + 2] = V4_PREFIX;
  const count = v4 ? 1 : 4;
  for (let i = 0; i < count; i++) {
    const high = key.charCodeAt(unit + 2 * i);
    words[first + 4 - count + i] = (high << 16) | key.charCodeAt(unit + 2 * i + 1);
  }
}

const V4_UNITS = 6;
const V4_PREFIX = 0xffff0000; // bytes 0, 0, 0xff, 0xff
