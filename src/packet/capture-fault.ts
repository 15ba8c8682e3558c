/** From here on a capture can't be read: what is wrong, and where. */
export class CaptureFault extends Error {
  override readonly name = 'CaptureFault';
  /** Bytes from the start of the (uncompressed) file. */
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(what);
    this.offset = offset;
  }
}

/**
 * A packet that claims more is damage: the largest snapshot length of libpcap. It bounds what must be in memory at
 * once.
 */
export const MOST_CAPTURED = 262_144;
