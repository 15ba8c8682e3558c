import type { Scan } from '../flow/listener.ts';
import type { Rows } from '../flow/table.ts';
import { ALL_EVENTS, type ConnectionEvent } from '../model/events.ts';
import type { JsonBlock, JsonConnection, JsonEvent, JsonScan } from '../model/json.ts';
import { JsonSink } from '../sinks/json.ts';
import type { LineBuffer } from '../sinks/output.ts';
import type { Names, SinkCounts, WallClock } from '../sinks/sink.ts';
import type { Written } from '../sources/source.ts';

export interface JsonObjectsOptions {
  readonly clock: WallClock;
  readonly names: Names;
  readonly host: string;
}

/** Events as the objects of the JSON lines: written by the same writer, and read again. */
export class JsonObjects {
  readonly #line = new OneLine();
  readonly #sink: JsonSink;

  constructor(options: JsonObjectsOptions) {
    this.#sink = new JsonSink({ ...options, output: this.#line, events: ALL_EVENTS });
  }

  connection(event: ConnectionEvent, rows: Rows, row: number): JsonConnection {
    this.#sink.connection(event, rows, row);
    return this.#line.event as JsonConnection;
  }

  /** @param at of the SUM record */
  summed(words: Uint32Array, bytes: Uint8Array, at: number): JsonConnection {
    this.#sink.summed(words, bytes, at);
    return this.#line.event as JsonConnection;
  }

  scan(scan: Scan): JsonScan {
    this.#sink.scan(scan);
    return this.#line.event as JsonScan;
  }

  block(words: Uint32Array, bytes: Uint8Array, at: number): JsonBlock {
    this.#sink.block(words, bytes, at);
    return this.#line.event as JsonBlock;
  }

  unblock(words: Uint32Array, bytes: Uint8Array, at: number): JsonBlock {
    this.#sink.unblock(words, bytes, at);
    return this.#line.event as JsonBlock;
  }
}

class OneLine implements LineBuffer {
  readonly bytes: Uint8Array = new Uint8Array(16_384);
  readonly pos = 0;
  readonly backlogged = false;
  readonly full = false;
  event: JsonEvent | undefined;
  readonly #decoder = new TextDecoder();

  reserve(size: number): boolean {
    return size <= this.bytes.length;
  }

  commit(pos: number): void {
    this.event = JSON.parse(this.#decoder.decode(this.bytes.subarray(0, pos))) as JsonEvent;
  }

  flush(): void {}

  progress(): Written {
    return { made: 0, written: 0 };
  }

  counts(): SinkCounts {
    return { lines: 0, bytes: 0, lost: 0 };
  }
}
