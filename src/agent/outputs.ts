import { hostname } from 'node:os';
import { OperatorError } from '../model/errors.ts';
import { ALERT_EVENTS, ALL_EVENTS } from '../model/events.ts';
import type { FoundPlugin } from '../plugins/folder.ts';
import { AlertLines } from '../sinks/alert-lines.ts';
import { type AlertCounts, AlertQueue } from '../sinks/alert-queue.ts';
import type { Carrier } from '../sinks/carrier.ts';
import { FanOut } from '../sinks/fan-out.ts';
import { FilteredSink } from '../sinks/filtered.ts';
import { JsonSink } from '../sinks/json.ts';
import type { Lines } from '../sinks/lines.ts';
import type { LogFile } from '../sinks/log-file.ts';
import { Output, standardOutput } from '../sinks/output.ts';
import type { Names, Sink, WallClock } from '../sinks/sink.ts';
import { syslogTo } from '../sinks/syslog.ts';
import { Webhook } from '../sinks/webhook.ts';
import type { AlertConfig, WatchConfig } from './config.ts';
import type { Store } from '../store/store.ts';
import { lineSink } from './line-sink.ts';

/** At the end alerts that wait get so long. */
const FLUSH_MS = 2000;

export interface OutputsOptions {
  readonly config: WatchConfig;
  readonly clock: WallClock;
  readonly names: Names;
  /** Open; undefined: standard output. */
  readonly log: LogFile | undefined;
  /** Who is told beside them, and holds nothing back. */
  readonly onlookers: readonly Sink[];
  /** Started; undefined: nothing is kept. */
  readonly store: Store | undefined;
  /** Told what the operator should know, a line each. */
  readonly note: (line: string) => void;
}

/** Where events go: standard output or a file, and alerts to their receivers as well. */
export class Outputs {
  readonly sink: Sink;
  /** What it is made of: each is told apart what was lost, since one may be stuck. */
  readonly parts: readonly Sink[];
  readonly #log: LogFile | undefined;
  readonly #output: Output;
  readonly #main: Lines;
  readonly #note: (line: string) => void;
  readonly #queues: readonly AlertQueue[];
  readonly #store: Store | undefined;
  #trouble: string | undefined;
  #lostBefore = 0;

  constructor({ config, clock, names, log, store, onlookers, note }: OutputsOptions) {
    const host = hostname();
    const { events, pluginEvents, filter, format } = config;
    this.#log = log;
    this.#note = note;
    this.#queues = carriersOf(config.alerts, host).map((carrier) => new AlertQueue(carrier, note));
    const output = new Output({
      target: log ?? standardOutput(),
      // who waits for alerts, or is blocked by what is read, doesn't depend on a reader of lines
      holdsBack: this.#queues.length === 0 && config.block !== 'nft',
    });
    this.#output = output;
    const main = lineSink(format, { output, clock, events, pluginEvents, names, host });
    this.#main = main;
    const alerts = new JsonSink({
      output: new AlertLines(this.#queues),
      clock,
      events: ALERT_EVENTS,
      pluginEvents: alertEvents(config.plugins),
      names,
      host,
    });
    this.#store = store;
    const others: Sink[] = [...onlookers];
    if (this.#queues.length > 0) others.push(alerts);
    if (store)
      others.push(new JsonSink({ output: store.queue, clock, events: ALL_EVENTS, names, host }));
    this.parts = [main, ...others];
    const all = others.length === 0 ? main : new FanOut(main, ...others);
    this.sink = filter ? new FilteredSink(all, filter) : all;
  }

  /** Goes on in the log file that has the name now; what is told so far is in the one before. */
  reopen(): void {
    this.#main.endFile();
    this.#output.flush();
    try {
      this.#log?.open();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.#note(`${error.message}: the lines still go where they went: ${error.hint}`);
    }
  }

  /** Tells when the log file can't be written, and when it can again. Call it about once a second. */
  watch(): void {
    const { trouble } = this.#output;
    const { lost } = this.#output.counts();
    const name = this.#log?.name;
    if (trouble !== undefined && this.#trouble === undefined)
      this.#note(
        `cannot write to ${name}: ${trouble}: lines wait in memory and then are lost, until it can`,
      );
    if (trouble === undefined && this.#trouble !== undefined)
      this.#note(`${name} is written again; ${lost - this.#lostBefore} lines were lost`);
    if (trouble === undefined) this.#lostBefore = lost;
    this.#trouble = trouble;
  }

  /** What became of the alerts, by receiver. */
  alerts(): AlertCounts[] {
    return this.#queues.map((queue) => queue.counts());
  }

  /** Delivers the alerts that wait, for at most 2 s, and what waits for the store. Everything else is closed by then. */
  async stop(): Promise<void> {
    const { waiting } = this.#output;
    if (waiting > 0)
      this.#note(
        `${waiting} lines are not written: ${this.#log?.name ?? 'standard output'} took no more`,
      );
    await Promise.all([this.#store?.stop(), ...this.#queues.map((queue) => queue.stop(FLUSH_MS))]);
  }
}

/** The events of plugins that are alerts. */
function alertEvents(plugins: readonly FoundPlugin[]): Set<string> {
  const all = plugins.flatMap(({ manifest }) => Object.entries(manifest.events));
  return new Set(all.filter(([, { alert }]) => alert).map(([name]) => name));
}

function carriersOf({ webhook, syslog }: AlertConfig, host: string): Carrier[] {
  const carriers: Carrier[] = [];
  if (webhook) carriers.push(new Webhook(webhook));
  if (syslog) carriers.push(syslogTo(syslog, host));
  return carriers;
}
