/** Capture bytes through the reader, in pieces of any size. */
import { ByteWindow } from '../../src/packet/byte-window.ts';
import { captureReader, MAGIC_BYTES } from '../../src/packet/capture.ts';

export interface ReadPacket {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly linkType: number;
  readonly length: number;
  readonly frame: string;
}

export interface ReadCapture {
  readonly packets: ReadPacket[];
  /** Bytes that were left of the last one, or that it was short of. */
  readonly left: number;
  readonly debt: number;
  /** The most bytes that lay in memory at once. */
  readonly most: number;
}

/** All packets of a capture that comes in pieces of these sizes, again and again; undefined: it is none. */
export function readAll(
  bytes: Uint8Array,
  sizes: readonly number[] = [1 << 20],
): ReadCapture | undefined {
  const window = new ByteWindow();
  const packets: ReadPacket[] = [];
  let at = 0;
  let piece = 0;
  let most = 0;
  const more = (): boolean => {
    if (at >= bytes.length) return false;
    const size = sizes[piece++ % sizes.length]!;
    const chunk = Uint8Array.from(bytes.subarray(at, at + size));
    window.take(chunk, 0, chunk.length);
    at += chunk.length;
    most = Math.max(most, window.left);
    return true;
  };
  while (window.left < MAGIC_BYTES) if (!more()) return undefined;
  const reader = captureReader(window);
  if (!reader) return undefined;
  do {
    while (reader.next(window)) {
      const { at: from, captured, seconds, nanoseconds, linkType, length } = reader.packet;
      const frame = Buffer.from(window.bytes.subarray(from, from + captured)).toString('hex');
      packets.push({ seconds, nanoseconds, linkType, length, frame });
    }
  } while (more());
  return { packets, left: window.left, debt: window.debt, most };
}
