import { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import type { JsonConnection, JsonEvent, JsonScan } from '../model/json.ts';
import { LINE_COLUMNS } from './columns.ts';
import { DATABASE, spanOf } from './ddl.ts';
import { addressOf } from './row.ts';

/** Where a line says what it tells of: what stands before has always the same length. */
const TS = '{"ts":"'.length;
const EVENT = '{"ts":"2026-01-02T03:04:05.678901Z",'.length;
const CONNECTION = Buffer.from('"event":"connection.');
const NEWLINE = 10;
/** An event told twice has the same time but for what the wall clock was corrected by meanwhile. */
const ABOUT_MS = 2000;

const FROM = "parseDateTime64BestEffort({from:String}, 6, 'UTC')";
const TO = "parseDateTime64BestEffort({to:String}, 6, 'UTC')";

const COLUMNS = ['id', ...LINE_COLUMNS.map(({ name }) => name)].join(', ');

/** Takes lines of `-o json` into the tables of ddl.ts, in batches: a row alone costs 8 ms. */
export class Inserter {
  readonly #client: ClickHouseClient;
  /** Whatever is older may have been stored by a process before this one. */
  readonly #since: string;

  constructor(client: ClickHouseClient) {
    this.#client = client;
    this.#since = new Date(Date.now() + ABOUT_MS).toISOString();
  }

  /**
   * Stores a batch; when that is done it survives the end of this process.
   * @param again it may be stored already, all of it or a part
   */
  async take(lines: Buffer, again: boolean): Promise<void> {
    const { connections, others, old } = this.#split(lines);
    const repeats = again || old;
    const rows = repeats ? await this.#without(connections) : connections;
    if (rows.length > 0) await this.#connections(rows);
    const events = others.map(eventRow);
    const untold = repeats ? await this.#withoutEvents(events) : events;
    if (untold.length > 0)
      await this.#client.insert({
        table: `${DATABASE}.events`,
        values: untold,
        format: 'JSONEachRow',
      });
  }

  #split(lines: Buffer): { connections: Buffer[]; others: string[]; old: boolean } {
    const connections: Buffer[] = [];
    const others: string[] = [];
    let old = false;
    for (let at = 0; at < lines.length; ) {
      const end = lines.indexOf(NEWLINE, at) + 1 || lines.length;
      old ||= lines.toString('latin1', at + TS, at + TS + this.#since.length) < this.#since;
      const isConnection =
        lines.compare(CONNECTION, 0, undefined, at + EVENT, at + EVENT + CONNECTION.length) === 0;
      if (isConnection) connections.push(lines.subarray(at, end));
      else others.push(lines.toString('utf8', at, end - 1));
      at = end;
    }
    return { connections, others, old };
  }

  async #connections(lines: readonly Buffer[]): Promise<void> {
    const { stream } = await this.#client.exec({
      query: `insert into ${DATABASE}.connections (${COLUMNS}) format JSONEachRow`,
      values: Readable.from([Buffer.concat(lines)], { objectMode: false }),
    });
    stream.resume();
  }

  async #without(lines: Buffer[]): Promise<Buffer[]> {
    if (lines.length === 0) return lines;
    const told = lines.map((line) => JSON.parse(line.toString()) as JsonConnection);
    const stored = await this.#stored<StoredKey>(
      told,
      'connections',
      'lower(hex(key)) as key, event, ts, dst_ip, dst_port, count',
    );
    const keys = new Set(stored.map(storedKey));
    return lines.filter((_, i) => !keys.has(connectionKey(told[i]!)));
  }

  async #withoutEvents(events: EventRow[]): Promise<EventRow[]> {
    if (events.length === 0) return events;
    const stored = await this.#stored<EventRow>(events, 'events', 'line');
    const keys = new Set(stored.map(({ line }) => eventKey(line)));
    return events.filter(({ line }) => !keys.has(eventKey(line)));
  }

  /** What is stored of about the time of these. */
  async #stored<T>(told: readonly { ts: string }[], table: string, columns: string): Promise<T[]> {
    const times = told.map(({ ts }) => ts).sort();
    const result = await this.#client.query({
      query: `select ${columns} from ${DATABASE}.${table}
        where ts between ${FROM} and ${TO} and ${spanOf('ts')} between ${spanOf(FROM)} and ${spanOf(TO)}`,
      query_params: { from: shifted(times[0]!, -ABOUT_MS), to: shifted(times.at(-1)!, ABOUT_MS) },
      format: 'JSONEachRow',
    });
    return result.json<T>();
  }
}

interface EventRow {
  readonly ts: string;
  readonly event: string;
  readonly src_ip?: string | undefined;
  readonly dst_ip?: string | undefined;
  readonly kind?: string | undefined;
  readonly state?: string | undefined;
  readonly line: string;
}

function eventRow(line: string): EventRow {
  const told = JSON.parse(line) as JsonEvent;
  const { ts, event } = told;
  const { src_ip, dst_ip, kind, state } = told as Partial<JsonScan>;
  return { ts, event, src_ip, dst_ip, kind, state, line };
}

/** What tells a stored event from all others. */
interface StoredKey {
  readonly key: string;
  readonly event: string;
  readonly ts: string;
  readonly dst_ip: string;
  readonly dst_port: number;
  /** Null: it is of one connection. */
  readonly count: number | null;
}

function storedKey({ key, event, ts, dst_ip, dst_port, count }: StoredKey): string {
  if (count === null) return `${key.padStart(16, '0')} ${event}`;
  return sumKey(ts, addressOf(dst_ip), dst_port, count);
}

/** The same as storedKey() of the row that is made of it. */
function connectionKey({ id, event, ts, dst_ip, dst_port, count = 0 }: JsonConnection): string {
  return id === undefined ? sumKey(ts, dst_ip, dst_port, count) : `${id} ${event}`;
}

/** Attempts that the kernel summed: there is one of each second, victim and port. */
function sumKey(ts: string, address: string, port: number, count: number): string {
  return `${ts.slice(0, '2026-01-02T03:04:05'.length)} ${address} ${port} ${count}`;
}

/** All of it but times, which the clock's corrections change. */
function eventKey(line: string): string {
  return JSON.stringify(JSON.parse(line), (name, value: unknown) =>
    name === 'ts' || name.endsWith('_ts') ? undefined : value,
  );
}

function shifted(ts: string, ms: number): string {
  return new Date(Date.parse(ts) + ms).toISOString();
}
