import { ScanClass } from '../model/events.ts';
import { Head } from '../wire/layout.gen.ts';

/*
 * What makes two verdicts speak of one scan: the source (IPv6 by its /64, as the kernel judges them), the kind, and the
 * scanned host, where the scan is of one. `w` is the first word of a record.
 */

/** First half of the key in a HashIndex: the source. */
export function keyLo(words: Uint32Array, w: number): number {
  const src = w + SRC;
  return isMapped(words, src)
    ? words[src + 3]!
    : (Math.imul(words[src]!, 0x9e3779b1) ^ words[src + 1]!) >>> 0;
}

/** Second half: the kind and the scanned host. */
export function keyHi(words: Uint32Array, w: number, kind: ScanClass): number {
  if (kind === ScanClass.horizontal) return kind;
  const dst = w + (Head.dst >> 2);
  let h = words[dst]! ^ Math.imul(kind, 0x9e3779b1);
  for (let i = 1; i < 4; i++) h = Math.imul(h, 0x85ebca77) ^ words[dst + i]!;
  return h >>> 0;
}

/** Are the two addresses at `base` those of the record, as far as this kind goes? */
export function samePair(
  words: Uint32Array,
  w: number,
  kind: ScanClass,
  addresses: Uint32Array,
  base: number,
): boolean {
  const src = w + SRC;
  const end = kind === ScanClass.horizontal ? 4 : 8;
  for (let i = 0; i < end; i++) {
    if (i === 2 && !isMapped(words, src)) i = 4; // the lower half of an IPv6 source
    if (i < end && addresses[base + i] !== words[src + i]) return false;
  }
  return true;
}

const SRC = Head.src >> 2;
const MAPPED_WORD = 0xffff0000; // ::ffff:0:0, third word, little-endian

function isMapped(words: Uint32Array, address: number): boolean {
  return words[address] === 0 && words[address + 1] === 0 && words[address + 2] === MAPPED_WORD;
}
