import type { ByteWindow } from './byte-window.ts';
import { CaptureFault } from './capture-fault.ts';
import { CaptureClock } from './capture-clock.ts';

/** What a pcapng section says of one of its interfaces. */
export interface PcapngInterface {
  readonly linkType: number;
  /** Bytes captured of each packet at most. */
  readonly snapLength: number;
  /** Bytes of frame check sequence after each frame. */
  readonly fcsBytes: number;
  readonly clock: CaptureClock;
}

/** Codes of options. */
const Option = { end: 0, resolution: 9, fcsLength: 13, offset: 14 } as const;

const HEADER = 16;
/** Microseconds, unless an option says otherwise. */
const MICROSECONDS = 6;

/** Reads the interface description block at the window's position. */
export function readInterface(
  window: ByteWindow,
  length: number,
  little: boolean,
): PcapngInterface {
  const { view, pos } = window;
  const end = pos + length - 4;
  if (pos + HEADER > end)
    throw new CaptureFault('an interface without its description', window.offset);
  let resolution = MICROSECONDS;
  let offsetSeconds = 0;
  let fcsBytes = 0;
  for (let at = pos + HEADER; at + 4 <= end; ) {
    const code = view.getUint16(at, little);
    const size = view.getUint16(at + 2, little);
    const value = at + 4;
    at = value + ((size + 3) & ~3);
    if (code === Option.end || at > end) break;
    if (code === Option.resolution && size === 1) resolution = view.getUint8(value);
    else if (code === Option.fcsLength && size === 1) fcsBytes = view.getUint8(value);
    else if (code === Option.offset && size === 8)
      offsetSeconds = Number(view.getBigInt64(value, little));
  }
  return {
    linkType: view.getUint16(pos + 8, little),
    snapLength: view.getUint32(pos + 12, little) || Infinity,
    fcsBytes,
    clock: new CaptureClock(resolution, offsetSeconds),
  };
}
