import type { ServerResponse } from 'node:http';
import type { Filter } from '../filter/filter.ts';
import type { Scan } from '../flow/listener.ts';
import type { ConnectionTable } from '../flow/table.ts';
import type { LiveCounts, LiveHello } from '../model/api.ts';
import type { ConnectionEvent } from '../model/events.ts';
import { Onlooker } from '../sinks/onlooker.ts';
import type { PluginEvent, Sink } from '../sinks/sink.ts';
import { LiveChannel, type Telling } from './live-channel.ts';
import { LiveClient } from './live-client.ts';

/** Between two messages of events. */
const TICK_MS = 200;
/** Counts come with each so many ticks: every second. */
const COUNTS_TICKS = 5;
/** Streams at once: several pages of a few people. Each holds at most about two megabytes that wait. */
const STREAMS = 16;
/** Filters at once: each event is tried, and written, for each of them. */
const FILTERS = 8;

export interface LiveOptions extends Telling {
  /** Who speaks: the same in each `hello`. */
  readonly hello: Pick<LiveHello, 'run' | 'version' | 'host' | 'started_ts'>;
  /** Of this moment. */
  readonly counts: () => LiveCounts;
}

/** The live stream (server-sent events, HTML standard, section 9.2). It costs a counter as long as nobody listens. */
export class Live extends Onlooker implements Sink {
  readonly #options: LiveOptions;
  readonly #channels: LiveChannel[] = [];
  /** Events since the start. */
  #told = 0;
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  #ended = 0;

  constructor(options: LiveOptions) {
    super();
    this.#options = options;
  }

  /** Who listens now, and how many were let go because they took too little. */
  streams(): { readonly open: number; readonly ended: number } {
    const open = this.#channels.reduce((sum, { clients }) => sum + clients.size, 0);
    return { open, ended: this.#ended };
  }

  /** Why there can't be another stream with this filter; undefined: there can. */
  refusal(filter: Filter | undefined): 'streams' | 'filters' | undefined {
    if (this.streams().open >= STREAMS) return 'streams';
    return this.#channels.length >= FILTERS && !this.#channelOf(filter) ? 'filters' : undefined;
  }

  /**
   * Sends what happens from now on, until the client goes or takes too little.
   * @param response whose headers are sent
   * @param lastId of the last message that this client has
   */
  add(response: ServerResponse, filter: Filter | undefined, lastId: string | undefined): void {
    let channel = this.#channelOf(filter);
    if (!channel)
      this.#channels.push((channel = new LiveChannel(filter, this.#options, () => this.#id())));
    else channel.tick(); // what came before is not for this one
    const client = new LiveClient(response, performance.now());
    channel.clients.add(client);
    response.once('close', () => this.#remove(channel, client));
    const hello: LiveHello = {
      ...this.#options.hello,
      filter: filter?.text ?? null,
      ...this.#since(lastId),
    };
    client.state(message('hello', this.#id(), hello));
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void {
    for (const { entry } of this.#channels) entry.connection(event, table, row);
    this.#told++;
  }

  summed(words: Uint32Array, bytes: Uint8Array, at: number): void {
    for (const { entry } of this.#channels) entry.summed(words, bytes, at);
    this.#told++;
  }

  scan(scan: Scan): void {
    for (const { entry } of this.#channels) entry.scan(scan);
    this.#told++;
  }

  block(words: Uint32Array, bytes: Uint8Array, at: number): void {
    for (const { entry } of this.#channels) entry.block(words, bytes, at);
    this.#told++;
  }

  unblock(words: Uint32Array, bytes: Uint8Array, at: number): void {
    for (const { entry } of this.#channels) entry.unblock(words, bytes, at);
    this.#told++;
  }

  loss(where: string, count: number, nowNs: number): void {
    for (const { entry } of this.#channels) entry.loss(where, count, nowNs);
    this.#told++;
  }

  plugin(event: PluginEvent): void {
    for (const { entry } of this.#channels) entry.plugin(event);
    this.#told++;
  }

  override stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const channel of this.#channels) channel.tick();
    if (++this.#ticks % COUNTS_TICKS !== 0) return;
    const counts = message('counts', this.#id(), this.#options.counts());
    for (const { clients } of this.#channels)
      for (const client of clients)
        if (!client.isStuck(nowMs)) client.state(counts);
        else {
          this.#ended++;
          client.end();
        }
  }

  #remove(channel: LiveChannel, client: LiveClient): void {
    channel.clients.delete(client);
    if (channel.clients.size > 0) return;
    this.#channels.splice(this.#channels.indexOf(channel), 1);
    if (this.#channels.length === 0) this.stop();
  }

  #channelOf(filter: Filter | undefined): LiveChannel | undefined {
    return this.#channels.find((channel) => channel.filter?.text === filter?.text);
  }

  #id(): string {
    return `${this.#options.hello.run}-${this.#told}`;
  }

  /** What a client that was here before has missed. */
  #since(lastId: string | undefined): Pick<LiveHello, 'restarted' | 'missed'> {
    const { run, told } =
      /^(?<run>[0-9a-f]{16})-(?<told>\d{1,15})$/.exec(lastId ?? '')?.groups ?? {};
    if (run === undefined) return {};
    if (run !== this.#options.hello.run) return { restarted: true };
    return { missed: Math.max(0, this.#told - Number(told)) };
  }
}

function message(event: string, id: string, data: object): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
