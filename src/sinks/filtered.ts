import { Facts, type Filter } from '../filter/filter.ts';
import type { Scan } from '../flow/listener.ts';
import { Row } from '../flow/row.ts';
import type { ConnectionTable } from '../flow/table.ts';
import type { ConnectionEvent } from '../model/events.ts';
import { IpProto } from '../wire/ip-proto.ts';
import type { Written } from '../sources/source.ts';
import { ScanFilter } from './scan-filter.ts';
import type { PluginEvent, Sink, SinkCounts } from './sink.ts';

/** Hands a sink the events that pass a filter, losses and those of plugins always; counts what it holds back. */
export class FilteredSink implements Sink {
  readonly name: Sink['name'];
  /** Events that did not pass. */
  filtered = 0;
  readonly #sink: Sink;
  readonly #filter: Filter;
  readonly #scans: ScanFilter;

  constructor(sink: Sink, filter: Filter) {
    this.name = sink.name;
    this.#sink = sink;
    this.#filter = filter;
    this.#scans = new ScanFilter(filter);
  }

  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void {
    const base = row * Row.stride;
    if (this.#passes(table.words, base, factsOf(table.bytes[base + Row.proto]!)))
      this.#sink.connection(event, table, row);
  }

  summed(words: Uint32Array, bytes: Uint8Array, at: number): void {
    if (this.#passes(words, at, Facts.sum)) this.#sink.summed(words, bytes, at);
  }

  scan(scan: Scan): void {
    if (this.#scans.passes(scan)) this.#sink.scan(scan);
    else this.filtered++;
  }

  block(words: Uint32Array, bytes: Uint8Array, at: number): void {
    if (this.#passes(words, at, Facts.block)) this.#sink.block(words, bytes, at);
  }

  unblock(words: Uint32Array, bytes: Uint8Array, at: number): void {
    if (this.#passes(words, at, Facts.block)) this.#sink.unblock(words, bytes, at);
  }

  loss(where: string, count: number, nowNs: number): void {
    this.#sink.loss(where, count, nowNs);
  }

  /** It has nothing that a filter asks for. */
  plugin(event: PluginEvent): void {
    this.#sink.plugin(event);
  }

  get backlogged(): boolean {
    return this.#sink.backlogged;
  }

  get full(): boolean {
    return this.#sink.full;
  }

  flush(): void {
    this.#sink.flush();
  }

  written(): Written {
    return this.#sink.written();
  }

  counts(): SinkCounts {
    return { ...this.#sink.counts(), filtered: this.filtered };
  }

  stop(): void {
    this.#sink.stop();
  }

  #passes(words: Uint32Array, at: number, facts: number): boolean {
    const passes = this.#filter.matches(words, at, facts);
    if (!passes) this.filtered++;
    return passes;
  }
}

/** What a connection or conversation has (Facts). @param proto Row.proto */
export function factsOf(proto: number): number {
  if (proto === IpProto.udp) return Facts.udpConversation;
  return proto === 0 || proto === IpProto.tcp ? Facts.connection : Facts.icmpConversation;
}
