import { Head } from '../wire/layout.gen.ts';
import { type Mapping, mapShared } from './libc.ts';
import { u64 } from '../wire/words.ts';

const PAGE = 4096;
const HEADER = 8;
const BUSY = 0x80000000;
const DISCARDED = 0x40000000;
const TS = Head.ts_ns >> 2;
/** x86 never moves a load before an earlier one, so a record is not read before its header; an atomic load costs a call. */
const LOADS_IN_ORDER = process.arch === 'x64';

/**
 * A BPF ring buffer read through its mapping, without system calls and without copying
 * (Documentation/bpf/ringbuf.rst; kernel/bpf/ringbuf.c). Behind the data area lies a page of our own, to which the
 * rest of a record that wraps is copied: mapping the area twice, as libbpf does, would count twice as our memory.
 * Positions are compared modulo 2^32: the ring is far smaller.
 */
export class Ring {
  /** The ring's memory, as words and as bytes. */
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  /** Byte offset of each record that `collect` found. */
  readonly at: Uint32Array;
  /** Records that `collect` found. */
  count = 0;
  /** `collect` stopped because `at` was full. */
  more = false;
  /** Records taken so far. */
  records = 0;
  /** The largest number of bytes that ever waited. */
  highWater = 0;
  readonly size: number;

  readonly #consumer: Mapping;
  readonly #producer: Mapping;
  readonly #consumerWords: Int32Array;
  /** The same, as one. */
  readonly #consumerLong: BigInt64Array;
  readonly #producerWords: Int32Array;
  readonly #signed: Int32Array;
  /** Ring position after each collected record. */
  readonly #after: Int32Array;
  /** Where the next `collect` begins: at the kernel's consumer position, or ahead of it by what is held. */
  #position: number;

  /**
   * @param fd descriptor of the ring
   * @param size its bytes, a power of two
   * @param window records that one `collect` finds at most
   */
  constructor(fd: number, size: number, window = 4096) {
    this.size = size;
    this.#consumer = mapShared(fd, PAGE, 0, true);
    this.#producer = mapShared(fd, PAGE + size, PAGE, false, PAGE);
    this.#consumerWords = new Int32Array(this.#consumer.buffer);
    this.#consumerLong = new BigInt64Array(this.#consumer.buffer);
    this.#producerWords = new Int32Array(this.#producer.buffer, 0, 2);
    this.words = new Uint32Array(this.#producer.buffer, PAGE);
    this.#signed = new Int32Array(this.#producer.buffer, PAGE);
    this.bytes = new Uint8Array(this.#producer.buffer, PAGE);
    this.at = new Uint32Array(window);
    this.#after = new Int32Array(window);
    this.#position = Atomics.load(this.#consumerWords, 0);
  }

  /** Begins where the program stopped that has read until now. */
  begin(): void {
    this.#position = Atomics.load(this.#consumerWords, 0);
  }

  /** Ring position before which every record was taken. */
  get position(): number {
    return this.#position;
  }

  /** Bytes that were taken and not given back. */
  get held(): number {
    return (this.#position - Atomics.load(this.#consumerWords, 0)) >>> 0;
  }

  /** Bytes that wait to be read. */
  pending(): number {
    return (Atomics.load(this.#producerWords, 0) - Atomics.load(this.#consumerWords, 0)) >>> 0;
  }

  /** When record `i` was made, CLOCK_MONOTONIC, nanoseconds. */
  timestamp(i: number): number {
    const w = (this.at[i]! >> 2) + TS;
    return u64(this.words, w);
  }

  /** Finds what was not taken yet, up to the window. */
  collect(): void {
    const mask = this.size - 1;
    const signed = this.#signed;
    let position = this.#position;
    const end = Atomics.load(this.#producerWords, 0);
    const waiting = this.pending();
    if (waiting > this.highWater) this.highWater = waiting;
    let count = 0;
    while (position !== end && count < this.at.length) {
      const at = position & mask;
      const header = LOADS_IN_ORDER ? signed[at >> 2]! : Atomics.load(signed, at >> 2);
      if (header & BUSY) break;
      position = (position + (((header & ~DISCARDED) + HEADER + 7) & ~7)) | 0;
      if (header & DISCARDED) {
        if (count === 0) this.#position = position;
        continue;
      }
      const over = at + HEADER + header - this.size;
      if (over > 0) this.bytes.copyWithin(this.size, 0, over);
      this.at[count] = at + HEADER;
      this.#after[count] = position;
      count++;
    }
    this.more = position !== end;
    this.count = count;
  }

  /** The bytes of record `i`, as long as it is not given back. */
  record(i: number): Buffer {
    const at = this.at[i]!;
    const length = this.words[(at - HEADER) >> 2]! & ~DISCARDED;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, length);
  }

  /** The first `n` collected records are done with here; the kernel has their room when they are given back. */
  taken(n: number): void {
    if (n === 0) return;
    this.#position = this.#after[n - 1]!;
    this.records += n;
  }

  /** Gives the first `n` collected records back at once. */
  release(n: number): void {
    this.taken(n);
    this.giveBack(this.#position);
  }

  /** Gives the kernel the room of all records before this position, which is at most `position`. */
  giveBack(to: number): void {
    const from = Atomics.load(this.#consumerWords, 0);
    // The kernel reads 64 bits: when the lower half wraps, each 4 GiB, both are stored at once.
    if (to >>> 0 >= from >>> 0) Atomics.store(this.#consumerWords, 0, to);
    else {
      const upper = BigInt(Atomics.load(this.#consumerWords, 1)) + 1n;
      Atomics.store(this.#consumerLong, 0, (upper << 32n) | BigInt(to >>> 0));
    }
  }

  stop(): void {
    this.#consumer.unmap();
    this.#producer.unmap();
  }
}
