import type { Scan } from '../flow/listener.ts';
import type { ConnectionTable } from '../flow/table.ts';
import type { ConnectionEvent } from '../model/events.ts';
import type { Written } from '../sources/source.ts';
import type { PluginEvent, Sink, SinkCounts } from './sink.ts';

/** Several sinks as one. The first is the main output: it alone may hold back the reading, and it alone is counted. */
export class FanOut implements Sink {
  readonly name: Sink['name'];
  readonly #main: Sink;
  readonly #all: readonly Sink[];

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

  written(): Written {
    return this.#main.written();
  }

  counts(): SinkCounts {
    return this.#main.counts();
  }

  stop(): void {
    for (const sink of this.#all) sink.stop();
  }
}
