import type { ByteWindow } from './byte-window.ts';
import type { CapturedPacket } from './captured-packet.ts';
import { isPcap, PcapReader } from './pcap-reader.ts';
import { isPcapng, PcapngReader } from './pcapng-reader.ts';

/** Reads the packets of one kind of capture file out of a window; one object serves all of a file's packets. */
export interface CaptureReader {
  readonly packet: CapturedPacket;
  /**
   * Goes on to the next packet; false: the window must have more. Throws CaptureFault when what comes can't be read.
   * When nothing more comes and something is left of the window or owed to it, the file ends within something.
   */
  next(window: ByteWindow): boolean;
}

/** The bytes that tell what a file is; fewer of them aren't a capture. */
export const MAGIC_BYTES = 4;

/** The reader of the capture that begins in a window of at least MAGIC_BYTES; undefined: it is none. */
export function captureReader(window: ByteWindow): CaptureReader | undefined {
  const magic = window.view.getUint32(window.pos);
  if (isPcap(magic)) return new PcapReader();
  return isPcapng(magic) ? new PcapngReader() : undefined;
}
