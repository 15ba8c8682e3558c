import type { ByteWindow } from '../packet/byte-window.ts';

/** A file or stream whose bytes are put into a window, chunk after chunk. */
export interface ByteSource {
  /** Puts the next chunk into the window; false: there is none. What the window had before may be overwritten. */
  next(window: ByteWindow): boolean | Promise<boolean>;
  /** Bytes read of what lies on disk or came; of a compressed file, compressed ones. */
  readonly taken: number;
  /** How many there will be; undefined: that isn't known. */
  readonly size: number | undefined;
  close(): Promise<void>;
}
