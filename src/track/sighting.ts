import { type Layers, u16 } from '../packet/layers.ts';
import { type Segment, TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import { End } from './row.ts';
import type { TrackTable } from './table.ts';

/** A capture on all interfaces has a packet on each that it passes, within microseconds of work. */
const APART_US = 1000;

/**
 * Was this segment captured just before, on another interface? A peer that sends again takes longer, and numbers IPv4
 * packets anew; segments that may come alike (acknowledgements, resets) are told by that number alone.
 */
export function isSeenTwice(
  table: TrackTable,
  at: Arrival,
  layers: Layers,
  segment: Segment,
): boolean {
  const { words } = table;
  const { from, us } = at;
  const id = layers.family === 4 ? u16(layers.bytes, layers.ip + 4) : 0;
  const print = printOf(segment, id);
  const isSame =
    words[from + End.print] === print && (us - words[from + End.print_us]!) >>> 0 < APART_US;
  words[from + End.print] = print;
  words[from + End.print_us] = us;
  return isSame && (id !== 0 || segment.payload > 0 || (segment.flags & TcpFlag.syn) !== 0);
}

/** Never 0, which is no segment. */
function printOf({ seq, ack, flags, payload, window }: Segment, id: number): number {
  let h = Math.imul(seq ^ (flags << 16), 0x9e3779b1);
  h = Math.imul((h ^ (h >>> 15)) + ack, 0x85ebca77);
  h = Math.imul((h ^ (h >>> 13)) + payload, 0xc2b2ae3d);
  h = Math.imul((h ^ (h >>> 16)) + ((window << 16) | id), 0x27d4eb2f);
  return ((h ^ (h >>> 15)) | 1) >>> 0;
}
