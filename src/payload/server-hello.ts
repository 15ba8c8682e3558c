import { u16 } from '../wire/network-order.ts';
import { namesOf } from './client-hello.ts';
import { Extension } from './tls-codes.ts';

const RANDOM = 32;
/** With the version, the random and the length of the session id. */
const FIXED = 2 + RANDOM + 1;

/** The random of a server hello that asks for another client hello: the SHA-256 of `HelloRetryRequest` (RFC 8446 4.1.3). */
const RETRY = [
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
  0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
] as const;

/** What a server chose (RFC 8446 4.1.3); one object serves all. */
export class ServerHello {
  version = 0;
  cipher = 0;
  alpn: string | undefined;
  isRetry = false;

  /** Reads the message's body; false when it isn't one. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.alpn = undefined;
    if (to - from < FIXED) return false;
    this.version = u16(bytes, from);
    this.isRetry = RETRY.every((byte, i) => bytes[from + 2 + i] === byte);
    const at = from + FIXED + bytes[from + FIXED - 1]!;
    if (at + 3 > to) return false;
    this.cipher = u16(bytes, at);
    if (at + 5 <= to)
      this.#readExtensions(bytes, at + 5, Math.min(at + 5 + u16(bytes, at + 3), to));
    return true;
  }

  #readExtensions(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at + 4 <= to; ) {
      const type = u16(bytes, at);
      const start = at + 4;
      at = start + u16(bytes, at + 2);
      if (at > to) return;
      if (type === Extension.supportedVersions && at === start + 2)
        this.version = u16(bytes, start);
      else if (type === Extension.alpn) {
        const names: string[] = [];
        namesOf(names, bytes, start, at);
        this.alpn = names[0];
      }
    }
  }
}
