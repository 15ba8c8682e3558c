import type { Filter } from '../filter/filter.ts';
import type { Scan } from '../flow/listener.ts';
import { Row } from '../flow/row.ts';
import type { ConnectionTable } from '../flow/table.ts';
import { ALL_EVENTS, type ConnectionEvent } from '../model/events.ts';
import { FilteredSink } from '../sinks/filtered.ts';
import { JsonSink } from '../sinks/json.ts';
import { Onlooker } from '../sinks/onlooker.ts';
import type { Names, PluginEvent, Sink, WallClock } from '../sinks/sink.ts';
import { ALWAYS, LiveBuffer, MAX_LEVEL, tierOf } from './live-buffer.ts';
import type { LiveClient } from './live-client.ts';

/**
 * Events of connections between two ticks that are sent, about: 5,000 a second, which take 2 % of a core and are more
 * than anybody reads.
 */
const TARGET = 1000;
/** Within a tick the sample becomes twice as coarse at TARGET, and again when half of what is left to this came. */
const MOST = 2 * TARGET;
/** Bytes of a line, at most (JsonSink). */
const LONGEST = 8192;
/** After so many ticks at which a finer sample would have done, it is taken: not each tick another one. */
const CALM_TICKS = 5;

/** What a channel tells of. */
export interface Telling {
  readonly clock: WallClock;
  readonly names: Names;
  readonly host: string;
}

/** The clients with one filter: each event is written once for all of them. */
export class LiveChannel extends Onlooker implements Sink {
  readonly filter: Filter | undefined;
  /** Where events go in. */
  readonly entry: Sink;
  readonly clients: Set<LiveClient> = new Set();
  readonly #buffer = new LiveBuffer();
  readonly #json: JsonSink;
  readonly #id: () => string;
  /** One connection in 2^level is written. */
  #level = 0;
  #raiseAt = TARGET;
  #calm = 0;
  /** The coarsest that was needed in calm ticks. */
  #needed = 0;
  /** Since the last tick: all events, and those of connections. */
  #happened = 0;
  #connections = 0;

  /** @param id of a message that is sent now */
  constructor(filter: Filter | undefined, telling: Telling, id: () => string) {
    super();
    this.#id = id;
    this.filter = filter;
    this.entry = filter ? new FilteredSink(this, filter) : this;
    this.#json = new JsonSink({ ...telling, output: this.#buffer, events: ALL_EVENTS });
  }

  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void {
    this.#happened++;
    this.#connections++;
    const tier = tierOf(table.words[(row * Row.stride + Row.id) >> 2]!);
    if (tier < this.#level) return;
    this.#buffer.tier = tier;
    this.#json.connection(event, table, row);
    if (this.#buffer.count < this.#raiseAt) return;
    this.#raiseAt += (MOST - this.#raiseAt) / 2;
    this.#level = Math.min(this.#level + 1, MAX_LEVEL);
  }

  /** Has no id to be sampled by. */
  summed(words: Uint32Array, bytes: Uint8Array, at: number): void {
    this.#happened++;
    this.#connections++;
    this.#buffer.tier = MAX_LEVEL;
    this.#json.summed(words, bytes, at);
  }

  scan(scan: Scan): void {
    this.#always();
    this.#json.scan(scan);
  }

  block(words: Uint32Array, bytes: Uint8Array, at: number): void {
    this.#always();
    this.#json.block(words, bytes, at);
  }

  unblock(words: Uint32Array, bytes: Uint8Array, at: number): void {
    this.#always();
    this.#json.unblock(words, bytes, at);
  }

  loss(where: string, count: number, nowNs: number): void {
    this.#always();
    this.#json.loss(where, count, nowNs);
  }

  plugin(event: PluginEvent): void {
    this.#always();
    this.#json.plugin(event);
  }

  /** Sends what came since the last tick. */
  tick(): void {
    const id = this.#id();
    const selected: ReturnType<LiveBuffer['select']>[] = [];
    const select = (level: number) => (selected[level] ??= this.#buffer.select(level));
    for (const client of this.clients) client.events(id, this.#happened, this.#level, select);
    this.#adapt();
    this.#buffer.clear();
    this.#happened = 0;
    this.#connections = 0;
    this.#raiseAt = TARGET;
  }

  /** What must not be left out: when there is no room for it, what is there goes first. */
  #always(): void {
    this.#buffer.tier = ALWAYS;
    if (!this.#buffer.reserve(LONGEST)) this.tick();
    this.#happened++;
  }

  /** What comes next is as much as what came. */
  #adapt(): void {
    const wanted = Math.ceil(Math.log2(Math.max(1, this.#connections / TARGET)));
    if (wanted >= this.#level) {
      this.#level = Math.min(wanted, MAX_LEVEL);
      this.#calm = 0;
      this.#needed = 0;
      return;
    }
    this.#needed = Math.max(this.#needed, wanted);
    if (++this.#calm < CALM_TICKS) return;
    this.#level = this.#needed;
    this.#calm = 0;
    this.#needed = 0;
  }
}
