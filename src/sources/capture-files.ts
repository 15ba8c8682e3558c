import type { CapturedPacket } from '../packet/captured-packet.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import type { CaptureInput } from './capture-input.ts';

/** Told what is read. */
export interface CaptureTaker {
  /** A packet that lies in `bytes`; true: `pause` is wanted before the next one. */
  packet(bytes: Uint8Array, packet: CapturedPacket): boolean;
  /**
   * Records of an input that has no packets; the same.
   * @param time has but the time
   * @param host of whom they tell, where that is known
   */
  records(records: RecordWriter, time: CapturedPacket, host: string | undefined): boolean;
  /** Everything that was in memory is told: a good moment to hand it on. May take its time. */
  pause(): Promise<void> | undefined;
  /** An input ends; its `fault` says why, if not by its end. */
  ended(input: CaptureInput): void;
}

/**
 * The packets of many capture files in the order of their times: always the earliest of those that are next in their
 * files. Within one file packets stay in their order, so a file whose times jump back is not sorted.
 */
export class CaptureFiles {
  readonly #inputs: readonly CaptureInput[];
  readonly #taker: CaptureTaker;
  /** Those that have a packet: a binary heap, the earliest first. */
  readonly #heap: CaptureInput[] = [];
  #stopped = false;

  constructor(inputs: readonly CaptureInput[], taker: CaptureTaker) {
    this.#inputs = inputs;
    this.#taker = taker;
  }

  /** Reads all of them to their ends, or until `stop`. */
  async run(): Promise<void> {
    for (const input of this.#inputs) {
      if (this.#stopped) return;
      if ((await input.start()) && (await this.#next(input))) this.#push(input);
      else if (!this.#stopped) await this.#end(input);
    }
    while (this.#heap.length > 0 && !this.#stopped) await this.#one(this.#heap[0]!);
  }

  /** Ends `run`, also while it waits for bytes. */
  stop(): void {
    this.#stopped = true;
    void this.close();
  }

  /** May be done twice. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#inputs.map((input) => input.close()));
  }

  /** Takes packets of the earliest input until it needs more bytes or another one is earlier. */
  async #one(input: CaptureInput): Promise<void> {
    const rival = this.#rival();
    const { packet } = input;
    for (;;) {
      if (this.#hand(input)) await this.#taker.pause();
      if (this.#stopped) return;
      if (!input.next()) {
        if (await this.#next(input)) break;
        if (this.#stopped) return;
        this.#pop();
        await this.#end(input);
        return;
      }
      if (rival !== undefined && isBefore(rival, packet)) break;
    }
    this.#sink(0);
  }

  /** Goes on to an input's next packet, however far that is; false: there is none, or it was stopped. */
  async #next(input: CaptureInput): Promise<boolean> {
    while (!input.next()) {
      await this.#taker.pause();
      if (this.#stopped || !(await input.more()) || this.#stopped) return false;
    }
    return true;
  }

  #hand({ records, packet, window, host }: CaptureInput): boolean {
    if (records) return this.#taker.records(records, packet, host);
    return this.#taker.packet(window.bytes, packet);
  }

  async #end(input: CaptureInput): Promise<void> {
    this.#taker.ended(input);
    await input.close();
  }

  /** The earliest packet of all other inputs. */
  #rival(): CapturedPacket | undefined {
    const [, left, right] = this.#heap;
    if (!left || !right) return left?.packet;
    return isBefore(right.packet, left.packet) ? right.packet : left.packet;
  }

  #push(input: CaptureInput): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(input);
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(input.packet, heap[parent]!.packet); ) {
      heap[at] = heap[parent]!;
      at = parent;
      parent = (at - 1) >> 1;
    }
    heap[at] = input;
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const input = heap[from]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!.packet, heap[child]!.packet))
        child++;
      if (!isBefore(heap[child]!.packet, input.packet)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = input;
  }
}

function isBefore(a: CapturedPacket, b: CapturedPacket): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanoseconds < b.nanoseconds);
}
