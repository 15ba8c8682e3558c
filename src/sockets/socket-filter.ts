import { Facts, type Filter } from '../filter/filter.ts';
import { Head } from '../wire/layout.gen.ts';

/** Applies a filter to sockets: they are laid out as records for it. */
export class SocketFilter {
  readonly #filter: Filter | undefined;
  readonly #words: Uint32Array = new Uint32Array(Head.size / 4);
  readonly #bytes: Uint8Array = new Uint8Array(this.#words.buffer);

  /** @param filter undefined: everything passes */
  constructor(filter: Filter | undefined) {
    this.#filter = filter;
  }

  /** A listener is where connections go to: it has no `src`. */
  listener(address: Uint8Array, port: number): boolean {
    if (!this.#filter) return true;
    this.#bytes.set(address, Head.dst);
    this.#words[Head.src_port / 4] = port * 0x1_0000;
    return this.#filter.matches(this.#words, 0, Facts.listener);
  }

  connection(src: Uint8Array, srcPort: number, dst: Uint8Array, dstPort: number): boolean {
    if (!this.#filter) return true;
    this.#bytes.set(src, Head.src);
    this.#bytes.set(dst, Head.dst);
    this.#words[Head.src_port / 4] = dstPort * 0x1_0000 + srcPort;
    return this.#filter.matches(this.#words, 0, Facts.connection);
  }
}
