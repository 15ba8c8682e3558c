import type { AlertQueue } from './alert-queue.ts';
import type { LineBuffer } from './output.ts';
import type { Written } from '../sources/source.ts';
import type { SinkCounts } from './sink.ts';

/** Where a JsonSink writes alerts: each line goes into every queue at once, and nothing is ever held back. */
export class AlertLines implements LineBuffer {
  readonly bytes: Uint8Array = new Uint8Array(16_384);
  readonly pos = 0;
  readonly backlogged = false;
  readonly full = false;
  readonly #queues: readonly AlertQueue[];
  readonly #decoder = new TextDecoder();
  #lines = 0;
  #written = 0;

  constructor(queues: readonly AlertQueue[]) {
    this.#queues = queues;
  }

  reserve(size: number): boolean {
    return size <= this.bytes.length;
  }

  commit(pos: number): void {
    this.#lines++;
    this.#written += pos;
    const line = this.#decoder.decode(this.bytes.subarray(0, pos - 1));
    for (const queue of this.#queues) queue.offer(line);
  }

  flush(): void {}

  progress(): Written {
    return { made: this.#written, written: this.#written };
  }

  counts(): SinkCounts {
    return { lines: this.#lines, bytes: this.#written, lost: 0 };
  }
}
