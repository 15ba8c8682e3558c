/** The letters of a connection's history, with Zeek's meaning (scripts/base/protocols/conn/main.zeek). */
import { TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import { End, Mark, Row, Text } from './row.ts';
import type { TrackTable } from './table.ts';

/** Letters of the originator; the responder's are in lower case. */
export const Letter = {
  syn: 0x53,
  synAck: 0x48,
  ack: 0x41,
  data: 0x44,
  fin: 0x46,
  reset: 0x52,
  badChecksum: 0x43,
  gap: 0x47,
  retransmit: 0x54,
  zeroWindow: 0x57,
  /** FIN and RST together. */
  inconsistent: 0x49,
  /** Other two of SYN, FIN and RST together. */
  multiFlag: 0x51,
  /** The originator was taken for the responder. */
  flipped: 0x5e,
  /** More than is followed. */
  partial: 0x58,
} as const;

const LOWER = 0x20;

/** Bits of Row.seen, by letters that are told once. */
const Once = {
  syn: 1,
  fin: 2,
  rst: 4,
  inconsistent: 8,
  data: 16,
  ack: 32,
  multiFlag: 64,
  partial: 128,
} as const;

/** Adds the letter of a segment's flags, if it says something new. */
export function tellFlags(table: TrackTable, segment: Arrival): void {
  const { flags, length, relative } = segment;
  switch (flags & (TcpFlag.syn | TcpFlag.fin | TcpFlag.rst)) {
    case 0:
      if (length > 0) tellOnce(table, segment, Once.data, Letter.data);
      else if ((flags & TcpFlag.ack) !== 0) tellOnce(table, segment, Once.ack, Letter.ack);
      return;
    case TcpFlag.syn: {
      const letter = (flags & TcpFlag.ack) === 0 ? Letter.syn : Letter.synAck;
      tellChange(table, segment, Once.syn, letter, End.syn_told, relative);
      return;
    }
    case TcpFlag.fin:
      tellChange(table, segment, Once.fin, Letter.fin, End.fin_told, relative + length);
      return;
    case TcpFlag.rst:
      tellChange(table, segment, Once.rst, Letter.reset, End.rst_told, relative);
      return;
    default:
      if ((flags & TcpFlag.fin) !== 0 && (flags & TcpFlag.rst) !== 0)
        tellOnce(table, segment, Once.inconsistent, Letter.inconsistent);
      else tellOnce(table, segment, Once.multiFlag, Letter.multiFlag);
  }
}

/** Does a segment without SYN, FIN and RST say nothing new? @param seen Row.seen */
export function isToldOf(seen: number, isOrig: boolean, hasPayload: boolean): boolean {
  return ((isOrig ? seen : seen >>> 16) & (hasPayload ? Once.data : Once.ack)) !== 0;
}

/** Counts what is told at the 1st, 10th, 100th time. @param counter one of End */
export function tellScaled(
  table: TrackTable,
  base: number,
  end: number,
  counter: number,
  letter: number,
): void {
  const count = ++table.words[end + counter]!;
  if (count === 1 || isPowerOfTen(count))
    addLetter(table, base, cased(letter, end === base + Row.orig));
}

/** A limit was met: no more is followed of the end's payload. */
export function tellLimit(table: TrackTable, base: number, end: number): void {
  const isOrig = end === base + Row.orig;
  const mask = isOrig ? Once.partial : Once.partial << 16;
  if ((table.words[base + Row.seen]! & mask) !== 0) return;
  table.words[base + Row.seen]! |= mask;
  addLetter(table, base, cased(Letter.partial, isOrig));
}

export function addLetter(table: TrackTable, base: number, letter: number): void {
  const { bytes } = table;
  const text = (base + Row.text) << 2;
  const length = bytes[text + Text.length]!;
  if (length >= Text.most) return;
  bytes[text + Text.letters + length] = letter;
  bytes[text + Text.length] = length + 1;
}

/** Datagrams: once in each direction. */
export function tellDatagram(table: TrackTable, base: number, isOrig: boolean): void {
  const mask = isOrig ? Once.data : Once.data << 16;
  if ((table.words[base + Row.seen]! & mask) !== 0) return;
  table.words[base + Row.seen]! |= mask;
  addLetter(table, base, cased(Letter.data, isOrig));
}

/** False: it was told before. */
function tellOnce(table: TrackTable, segment: Arrival, bit: number, letter: number): boolean {
  const { base } = segment;
  if (letter === Letter.ack || letter === Letter.data) unflip(table, segment);
  const { isOrig } = segment;
  const mask = isOrig ? bit : bit << 16;
  if ((table.words[base + Row.seen]! & mask) !== 0) return false;
  table.words[base + Row.seen]! |= mask;
  addLetter(table, base, cased(letter, isOrig));
  return true;
}

/** Tells it again when its number differs from the last one told. @param told one of End */
function tellChange(
  table: TrackTable,
  segment: Arrival,
  bit: number,
  letter: number,
  told: number,
  number: number,
): void {
  const fresh = tellOnce(table, segment, bit, letter);
  const at = segment.from + told;
  if (!fresh && table.words[at] !== number >>> 0)
    addLetter(table, segment.base, cased(letter, segment.isOrig));
  table.words[at] = number;
}

/**
 * A SYN+ACK that came first may be a scan, so its sender counts as the originator; not any longer once anything is
 * sent that is no reset.
 */
function unflip(table: TrackTable, segment: Arrival): void {
  const { bytes } = table;
  const text = (segment.base + Row.text) << 2;
  if (bytes[text + Text.length] !== 1 || bytes[text + Text.letters] !== Letter.synAck) return;
  segment.flip(table);
  bytes[text + Text.letters] = Letter.flipped;
  bytes[text + Text.letters + 1] = Letter.synAck | LOWER;
  bytes[text + Text.length] = 2;
  table.mark(segment.row, Mark.seenOrig | Mark.seenResp);
  table.unmark(segment.row, Mark.partial);
}

function cased(letter: number, isOrig: boolean): number {
  return isOrig ? letter : letter | LOWER;
}

function isPowerOfTen(count: number): boolean {
  let rest = count;
  while (rest >= 10 && rest % 10 === 0) rest /= 10;
  return rest === 1;
}
