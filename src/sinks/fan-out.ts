import type { Scan } from '../flow/listener.ts';
import type { ConnectionTable } from '../flow/table.ts';
import type { ConnectionEvent } from '../model/events.ts';
import type { Written } from '../sources/source.ts';
import type { PluginEvent, Sink, SinkCounts } from './sink.ts';

/** Of what is not written yet, so many states are kept apart at most. */
const MARKS = 256;

/** How far each sink had come when so many states had been seen. */
interface Mark {
  count: number;
  made: readonly number[];
}

/** Several sinks as one. The first is the main output: it alone may hold back the reading, and it alone is counted. */
export class FanOut implements Sink {
  readonly name: Sink['name'];
  readonly #main: Sink;
  readonly #all: readonly Sink[];
  readonly #marks: Mark[] = [];
  #lastMade: readonly number[] = [];
  #made = 0;
  #written = 0;

  constructor(main: Sink, ...others: readonly Sink[]) {
    this.name = main.name;
    this.#main = main;
    this.#all = [main, ...others];
  }

  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void {
    for (const sink of this.#all) sink.connection(event, table, row);
  }

  summed(words: Uint32Array, bytes: Uint8Array, at: number): void {
    for (const sink of this.#all) sink.summed(words, bytes, at);
  }

  scan(scan: Scan): void {
    for (const sink of this.#all) sink.scan(scan);
  }

  block(words: Uint32Array, bytes: Uint8Array, at: number): void {
    for (const sink of this.#all) sink.block(words, bytes, at);
  }

  unblock(words: Uint32Array, bytes: Uint8Array, at: number): void {
    for (const sink of this.#all) sink.unblock(words, bytes, at);
  }

  loss(where: string, count: number, nowNs: number): void {
    for (const sink of this.#all) sink.loss(where, count, nowNs);
  }

  plugin(event: PluginEvent): void {
    for (const sink of this.#all) sink.plugin(event);
  }

  get backlogged(): boolean {
    return this.#main.backlogged;
  }

  get full(): boolean {
    return this.#main.full;
  }

  flush(): void {
    for (const sink of this.#all) sink.flush();
  }

  /** Counts states: one is written once every sink has written what it had made by then. */
  written(): Written {
    const now = this.#all.map((sink) => sink.written());
    const made = now.map((sink) => sink.made);
    const last = this.#marks.at(-1);
    if (made.some((bytes, i) => bytes !== this.#lastMade[i])) {
      this.#lastMade = made;
      this.#made++;
      if (last !== undefined && this.#marks.length === MARKS)
        Object.assign(last, { count: this.#made, made });
      else this.#marks.push({ count: this.#made, made });
    }
    const open = this.#marks.findIndex((mark) =>
      mark.made.some((bytes, i) => bytes > now[i]!.written),
    );
    const done = this.#marks.splice(0, open < 0 ? this.#marks.length : open).at(-1);
    if (done) this.#written = done.count;
    return { made: this.#made, written: this.#written };
  }

  counts(): SinkCounts {
    return this.#main.counts();
  }

  stop(): void {
    for (const sink of this.#all) sink.stop();
  }
}
