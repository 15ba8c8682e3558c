/** Attributes by their kind. */
export type Attributes = ReadonlyMap<number, NetlinkBody>;

export const AF_INET = 2;
export const AF_INET6 = 10;

const NAMES = new TextDecoder();

/** A message without its head, or an attribute's value. */
export class NetlinkBody {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#bytes.length;
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  part(from: number, to: number): NetlinkBody {
    return new NetlinkBody(this.#bytes.subarray(from, to));
  }

  from(at: number): NetlinkBody {
    return this.part(at, this.length);
  }

  text(): string {
    const end = this.#bytes.indexOf(0);
    return NAMES.decode(end < 0 ? this.#bytes : this.#bytes.subarray(0, end));
  }

  /** 16 bytes, copied; undefined when the length isn't the family's. */
  address(family: number): Uint8Array | undefined {
    if (family === AF_INET6) return this.length === 16 ? Uint8Array.from(this.#bytes) : undefined;
    if (family !== AF_INET || this.length !== 4) return undefined;
    const mapped = new Uint8Array(16);
    mapped.set([0xff, 0xff, ...this.#bytes], 10);
    return mapped;
  }

  /** Attributes from an offset by their kind, the last of each; undefined when they are malformed. */
  attributes(from: number): Attributes | undefined {
    const list = this.list(from);
    return list && new Map(list);
  }

  /** The same one by one, as they come. */
  list(from: number): [number, NetlinkBody][] | undefined {
    const found: [number, NetlinkBody][] = [];
    for (let at = from; at < this.length; ) {
      const length = at + 4 <= this.length ? this.u16(at) : 0;
      if (length < 4 || at + length > this.length) return undefined;
      // The upper two bits are flags.
      found.push([this.u16(at + 2) & 0x3fff, this.part(at + 4, at + length)]);
      at += (length + 3) & ~3;
    }
    return found;
  }
}
