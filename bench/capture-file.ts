/** A capture of mixed traffic, made by a program: the same bytes each time. */
import { closeSync, openSync, writeSync } from 'node:fs';

/** Frame lengths and how often, of a hundred packets: small ones, full ones, and some between. */
const LENGTHS: ReadonlyArray<readonly [length: number, share: number]> = [
  [66, 40],
  [74, 5],
  [200, 10],
  [576, 10],
  [1514, 35],
];
/** Of a hundred packets, how many are SYNs; UDP besides. */
const SYNS = 3;
const UDPS = 10;
const SNAP_LENGTH = 262_144;
const PIECE = 4_194_304;

export interface Made {
  readonly packets: number;
  readonly syns: number;
  readonly bytes: number;
}

/** Writes at least so many bytes. */
export function writeCapture(path: string, bytes: number): Made {
  const random = generator(42);
  const piece = Buffer.alloc(PIECE);
  const file = openSync(path, 'w');
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(SNAP_LENGTH, 16);
  header.writeUInt32LE(1, 20);
  let at = header.copy(piece);
  let written = 0;
  let packets = 0;
  let syns = 0;
  try {
    while (written + at < bytes) {
      const isSyn = random(100) < SYNS;
      const length = isSyn ? 74 : lengthOf(random(100));
      if (at + 16 + length > PIECE) {
        written += writeSync(file, piece, 0, at);
        at = 0;
      }
      packet(piece.subarray(at, at + 16 + length), packets++, isSyn, random);
      if (isSyn) syns++;
      at += 16 + length;
    }
    written += writeSync(file, piece, 0, at);
  } finally {
    closeSync(file);
  }
  return { packets, syns, bytes: written };
}

function packet(
  into: Buffer,
  number: number,
  isSyn: boolean,
  random: (below: number) => number,
): void {
  const length = into.length - 16;
  into.fill(0);
  into.writeUInt32LE(1_700_000_000 + Math.floor(number / 100_000), 0);
  into.writeUInt32LE((number % 100_000) * 10, 4);
  into.writeUInt32LE(length, 8);
  into.writeUInt32LE(length, 12);
  const frame = into.subarray(16);
  frame.writeUInt16BE(0x0800, 12);
  frame[14] = 0x45;
  frame.writeUInt16BE(length - 14, 16);
  frame[22] = 64;
  frame[23] = isSyn || random(100) >= UDPS ? 6 : 17;
  frame.writeUInt32BE(0x0a00_0000 + random(4096), 26);
  frame.writeUInt32BE(0x0a01_0000 + random(16), 30);
  frame.writeUInt16BE(1024 + random(60_000), 34);
  frame.writeUInt16BE(isSyn ? 80 + random(4) : 443, 36);
  frame.writeUInt32BE(random(0x7fff_ffff), 38);
  frame[46] = isSyn ? 0xa0 : 0x50;
  frame[47] = isSyn ? 0x02 : 0x10;
}

function lengthOf(percent: number): number {
  let sum = 0;
  for (const [length, share] of LENGTHS) {
    sum += share;
    if (percent < sum) return length;
  }
  return LENGTHS[0]![0];
}

/** Numbers below a bound, the same sequence for the same seed (xorshift32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
