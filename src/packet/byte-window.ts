/**
 * The part of a stream that is in memory: what is still to be read lies in `bytes` from `pos` to `end`. Chunks are
 * taken as they come; only what is left of the one before is copied, so that whatever is read lies in one piece.
 */
export class ByteWindow {
  bytes: Uint8Array = new Uint8Array(0);
  /** The same memory. */
  view: DataView = new DataView(this.bytes.buffer);
  pos = 0;
  end = 0;
  /** Bytes that were skipped and haven't come yet. */
  debt = 0;
  /** Where in the stream `bytes[0]` lies. */
  #base = 0;
  readonly #own: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];

  /** Where in the stream `pos` lies. */
  get offset(): number {
    return this.#base + this.pos + this.debt;
  }

  /** Bytes that are there and not read yet. */
  get left(): number {
    return this.end - this.pos;
  }

  /** Leaves out so many bytes, also those that are still to come. */
  skip(count: number): void {
    const here = Math.min(count, this.left);
    this.pos += here;
    this.debt += count - here;
  }

  /**
   * Takes the next chunk, which lies in `bytes` from `from` to `to`. What is left of the one before is put in front of
   * it, where there is room; otherwise both are copied.
   */
  take(bytes: Uint8Array, from: number, to: number): void {
    const { left } = this;
    const until = this.#base + this.end;
    if (left <= from) {
      if (left > 0) bytes.set(this.bytes.subarray(this.pos, this.end), from - left);
      this.#look(bytes, from - left, to);
    } else this.#look(this.#join(bytes, from, to), 0, left + to - from);
    this.#base = until - left - this.pos;
    const paid = Math.min(this.debt, this.left);
    this.pos += paid;
    this.debt -= paid;
  }

  #look(bytes: Uint8Array, pos: number, end: number): void {
    if (bytes !== this.bytes)
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.bytes = bytes;
    this.pos = pos;
    this.end = end;
  }

  /** What is left may lie in one of the two own pieces; then the other one takes both. */
  #join(bytes: Uint8Array, from: number, to: number): Uint8Array {
    const which = this.bytes === this.#own[0] ? 1 : 0;
    const size = this.left + to - from;
    if (this.#own[which].length < size)
      this.#own[which] = new Uint8Array(Math.max(size, 2 * this.#own[which].length));
    const own = this.#own[which];
    own.set(this.bytes.subarray(this.pos, this.end));
    own.set(bytes.subarray(from, to), this.left);
    return own;
  }
}
