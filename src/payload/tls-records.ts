import { u16 } from '../wire/network-order.ts';
import { FIRST_BYTES } from './kept-bytes.ts';
import { Content } from './tls-codes.ts';

const HEADER = 5;
/** Bytes in a record at most, with what encryption adds (RFC 5246 6.2.3). */
export const RECORD_MAX: number = 16_384 + 2048;

/**
 * The handshake messages that a direction begins with, in one piece: a message may go over several records
 * (RFC 8446 5.1). One object serves all directions.
 */
export class HandshakeBytes {
  /** They lie here, from `from` to `to`: where they came, or joined. */
  bytes: Uint8Array;
  from = 0;
  to = 0;
  /** So many bytes of the direction it takes to have more of them. */
  wanted = 0;
  /** Something else follows, so there are no more. */
  closed = false;
  readonly #joined = new Uint8Array(FIRST_BYTES);

  constructor() {
    this.bytes = this.#joined;
  }

  /** Takes the records from `start` to `end`, at most FIRST_BYTES. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.from = start + HEADER;
    this.to = this.from;
    this.closed = false;
    let at = start;
    for (; at + HEADER <= end; ) {
      const length = u16(bytes, at + 3);
      if (bytes[at] !== Content.handshake || length === 0 || length > RECORD_MAX) {
        this.closed = true;
        break;
      }
      this.#append(bytes, at + HEADER, Math.min(at + HEADER + length, end));
      at += HEADER + length;
      if (at > end) break;
    }
    this.wanted = (at > end ? at : at + HEADER) - start;
  }

  /** A first record stays where it is. */
  #append(bytes: Uint8Array, from: number, to: number): void {
    if (this.from === from) {
      this.to = to;
      return;
    }
    if (this.bytes !== this.#joined) {
      this.#joined.set(this.bytes.subarray(this.from, this.to));
      this.bytes = this.#joined;
      this.to -= this.from;
      this.from = 0;
    }
    this.#joined.set(bytes.subarray(from, to), this.to);
    this.to += to - from;
  }
}
