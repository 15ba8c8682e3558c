import { hostname } from 'node:os';
import { ALERT_EVENTS } from '../model/events.ts';
import { AlertLines } from '../sinks/alert-lines.ts';
import { type AlertCounts, AlertQueue } from '../sinks/alert-queue.ts';
import type { Carrier } from '../sinks/carrier.ts';
import { FanOut } from '../sinks/fan-out.ts';
import { FilteredSink } from '../sinks/filtered.ts';
import { JsonSink } from '../sinks/json.ts';
import { Output } from '../sinks/output.ts';
import type { Names, Sink, WallClock } from '../sinks/sink.ts';
import { syslogTo } from '../sinks/syslog.ts';
import { TextSink } from '../sinks/text.ts';
import { Webhook } from '../sinks/webhook.ts';
import type { AlertConfig, WatchConfig } from './config.ts';

/** At the end alerts that wait get so long. */
const FLUSH_MS = 2000;

export interface OutputsOptions {
  readonly config: WatchConfig;
  readonly clock: WallClock;
  readonly names: Names;
  /** Told what the operator should know, a line each. */
  readonly note: (line: string) => void;
}

/** Where events go: standard output, and alerts to their receivers as well. */
export class Outputs {
  readonly sink: Sink;
  readonly #queues: readonly AlertQueue[];

  constructor({ config, clock, names, note }: OutputsOptions) {
    const host = hostname();
    const { events, filter, format } = config;
    const output = new Output({ fd: 1, name: 'standard output' });
    const main =
      format === 'json'
        ? new JsonSink({ output, clock, events, names, host })
        : new TextSink({ output, clock, events });
    this.#queues = carriersOf(config.alerts, host).map((carrier) => new AlertQueue(carrier, note));
    const lines = new AlertLines(this.#queues);
    const all =
      this.#queues.length === 0
        ? main
        : new FanOut(
            main,
            new JsonSink({ output: lines, clock, events: ALERT_EVENTS, names, host }),
          );
    this.sink = filter ? new FilteredSink(all, filter) : all;
  }

  /** What became of the alerts, by receiver. */
  alerts(): AlertCounts[] {
    return this.#queues.map((queue) => queue.counts());
  }

  /** Delivers the alerts that wait, for at most 2 s. Everything else is closed by then. */
  async stop(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.stop(FLUSH_MS)));
  }
}

function carriersOf({ webhook, syslog }: AlertConfig, host: string): Carrier[] {
  const carriers: Carrier[] = [];
  if (webhook) carriers.push(new Webhook(webhook));
  if (syslog) carriers.push(syslogTo(syslog, host));
  return carriers;
}
