/** Most first bytes of a direction that are looked at: a client hello with post-quantum keys has some 2,000, a chain of certificates some 5,000. */
export const FIRST_BYTES = 16_384;

const SMALLEST = 512;
/** What the objects take beside the bytes: measured. */
const OBJECTS = 256;
const NOTHING = new Uint8Array(0);

/**
 * The first bytes of one direction, put together from segments in any order. Of bytes that come twice the first stay,
 * since most receivers keep those.
 */
export class KeptBytes {
  bytes: Uint8Array = NOTHING;
  /** So many are there without a gap. */
  prefix = 0;
  /** Before there are so many, looking at them says nothing new. */
  wanted: number;
  /** One for each byte that is there after the gap. */
  #marks: Uint8Array = NOTHING;
  #beyond = 0;

  constructor(wanted: number) {
    this.wanted = wanted;
  }

  /** Memory in use, in bytes. */
  get size(): number {
    return OBJECTS + this.bytes.length + this.#marks.length;
  }

  /** Takes what a segment has of the first bytes: those from `from` to `to`, the first of which is the direction's `offset`th. */
  add(offset: number, bytes: Uint8Array, from: number, to: number): void {
    const start = Math.max(offset, this.prefix);
    const end = Math.min(offset + to - from, FIRST_BYTES);
    if (start >= end) return;
    const shift = from - offset;
    this.#reserve(end);
    if (start === this.prefix && this.#beyond === 0) {
      this.bytes.set(bytes.subarray(start + shift, end + shift), start);
      this.prefix = end;
      return;
    }
    if (this.#marks.length < this.bytes.length) this.#marks = grown(this.#marks, this.bytes.length);
    const marks = this.#marks;
    for (let i = start; i < end; i++) {
      if (marks[i] === 1) continue;
      marks[i] = 1;
      this.#beyond++;
      this.bytes[i] = bytes[i + shift]!;
    }
    for (; this.prefix < FIRST_BYTES && marks[this.prefix] === 1; this.prefix++) this.#beyond--;
  }

  #reserve(end: number): void {
    let capacity = Math.max(SMALLEST, this.bytes.length);
    while (capacity < end) capacity *= 2;
    if (capacity > this.bytes.length) this.bytes = grown(this.bytes, capacity);
  }
}

function grown(bytes: Uint8Array, capacity: number): Uint8Array {
  const more = new Uint8Array(capacity);
  more.set(bytes);
  return more;
}
