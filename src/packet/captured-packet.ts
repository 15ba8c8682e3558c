/** A packet of a capture as it lies in the window's memory, and what its container says of it. Readers fill it in place. */
export class CapturedPacket {
  /** In its file, from 1; 0: there was none yet. */
  number = 0;
  /** First byte of the link header. */
  at = 0;
  /** Bytes captured, and on the wire; without the frame check sequence. */
  captured = 0;
  length = 0;
  /** Since 1970. */
  seconds = 0;
  nanoseconds = 0;
  /** LINKTYPE_* (link-type.ts). */
  linkType = 0;
  /** Most bytes that were captured of a packet, as its container says; 0: no limit. */
  snapLength = 0;
}
