import { Oldest } from './oldest.ts';
import { byteText } from './text.ts';

const ADDRESS = 16;

/**
 * The name by which an address was last looked up, for as many addresses as there is room for: the one that nobody
 * asked for or named longest goes first. Whoever answers for a zone may name any address in it, so a name says what was
 * asked for, not who is there.
 */
export class PassiveNames {
  readonly #names = new Map<string, string>();
  readonly #oldest = new Oldest(this.#names);
  readonly #most: number;

  /** @param most addresses */
  constructor(most = 65_536) {
    this.#most = most;
  }

  get size(): number {
    return this.#names.size;
  }

  /** Notes that the 16 bytes at `at` (IPv4 as ::ffff:a.b.c.d) are an address of `name`. */
  add(bytes: Uint8Array, at: number, name: string): void {
    const key = byteText(bytes, at, at + ADDRESS);
    this.#names.delete(key);
    this.#names.set(key, name);
    if (this.#names.size > this.#most) this.#names.delete(this.#oldest.next()!);
  }

  /** The name of the 16 bytes at `at`. */
  name(bytes: Uint8Array, at: number): string | undefined {
    const key = byteText(bytes, at, at + ADDRESS);
    const name = this.#names.get(key);
    if (name !== undefined) {
      this.#names.delete(key);
      this.#names.set(key, name);
    }
    return name;
  }
}
