/** The windows that ends offer each other (RFC 9293 3.8.6, RFC 7323 2). */
import type { Layers } from '../packet/layers.ts';
import { NOT_SENT, type TcpOptions } from '../packet/tcp-options.ts';
import { type Segment, TcpFlag } from '../packet/tcp.ts';
import { TcpOption } from '../wire/layout.gen.ts';
import type { Arrival } from './arrival.ts';
import { End, EndMark, Options, Phases } from './row.ts';
import { ahead } from './sequence.ts';
import type { TrackTable } from './table.ts';

/** What a SYN without the option has instead of a scale. */
export const NO_SCALE = 255;

/** Keeps the options of a SYN. */
export function takeOptions(
  table: TrackTable,
  at: Arrival,
  options: TcpOptions,
  layers: Layers,
  segment: Segment,
): void {
  options.read(layers, segment);
  const { bytes } = table;
  const place = (at.from + End.options) << 2;
  const mss = Math.max(0, options.mss);
  bytes[place + Options.mss] = mss;
  bytes[place + Options.mss + 1] = mss >> 8;
  bytes[place + Options.bits] =
    (options.sackPermitted ? TcpOption.SACK : 0) |
    (options.hasTimestamp ? TcpOption.TIMESTAMPS : 0) |
    (options.fastOpen === NOT_SENT ? 0 : TcpOption.FAST_OPEN);
  bytes[((at.from + End.phases) << 2) + Phases.windowScale] =
    options.windowScale === NOT_SENT ? NO_SCALE : options.windowScale;
  table.words[at.from + End.marks]! |= EndMark.syn;
}

/** The scale that an end's SYN offered; NO_SCALE: none. */
export function scaleOf(table: TrackTable, end: number): number {
  if ((table.words[end + End.marks]! & EndMark.syn) === 0) return NO_SCALE;
  return table.bytes[((end + End.phases) << 2) + Phases.windowScale]!;
}

/**
 * Takes the window of a segment that isn't older than the last one (RFC 9293 3.10.7.4, the fifth check).
 * @returns whether it is the window that was known
 */
export function takeWindow(table: TrackTable, at: Arrival): boolean {
  const { words } = table;
  const { from, to, flags, seq, ack } = at;
  const isSyn = (flags & TcpFlag.syn) !== 0;
  if ((flags & TcpFlag.rst) !== 0 || ((flags & TcpFlag.ack) === 0 && !isSyn)) return false;
  const isKnown = (words[from + End.marks]! & EndMark.window) !== 0;
  const window = isSyn ? at.window : scaled(table, from, to, at.window);
  if (isKnown) {
    const order = ahead(seq, words[from + End.window_seq]!);
    if (order < 0 || (order === 0 && ahead(ack, words[from + End.window_ack]!) < 0)) return false;
  }
  const before = words[from + End.window]!;
  if (window === 0 && (!isKnown || before !== 0)) words[from + End.zero_windows]!++;
  words[from + End.window] = window;
  words[from + End.window_seq] = seq;
  words[from + End.window_ack] = ack;
  words[from + End.marks]! |= EndMark.window;
  return isKnown && before === window;
}

/** A window as an end means it: scaled, if both ends offered that. */
export function scaled(table: TrackTable, from: number, to: number, window: number): number {
  const scale = scaleOf(table, from);
  return scale === NO_SCALE || scaleOf(table, to) === NO_SCALE ? window : window << scale;
}
