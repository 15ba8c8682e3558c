import type { ClickHouseClient } from '@clickhouse/client';
import type {
  ConnectionsAnswer,
  Covers,
  Edge,
  EdgesAnswer,
  PastBlocksAnswer,
  ScansAnswer,
  Story,
} from '../model/history.ts';
import { DATABASE, PLACE, spanOf } from './ddl.ts';
import type { History, HistoryQuestion, PageQuestion } from './history.ts';
import { MAX_EDGES } from './history.ts';
import { type Cursor, cursorOf, cursorText, rowsOf } from './question.ts';
import { addressOf, connectionOf, SELECTED, type StoredRow } from './row.ts';
import { type Rows, storedBlocks, storedScans } from './stored-events.ts';

const CONNECTIONS = `${DATABASE}.connections`;
/** As the table has them, so that what is older than the page is not read. */
const NEWEST_FIRST = `order by ${spanOf('ts')} desc, ts desc, key desc, event desc`;
/** Where the newest of all connections are looked for first: a host that has something to tell told it just now. */
const RECENT_US = 60e6;
/** A question may neither hold up the events for longer, nor take the memory that the watching needs. */
const MOST_S = 30;
const MOST_BYTES = 1e9;
/** Of one connection: it has a handful. */
const MAX_EVENTS = 1000;

/** History in the tables of ddl.ts, in this process (chDB) or on a server. */
export class ClickHouseHistory implements History {
  readonly #rows: Rows;

  constructor(client: ClickHouseClient) {
    this.#rows = async (query, params) => {
      const result = await client.query({
        query: `${query} settings max_execution_time = ${MOST_S}, max_memory_usage = ${MOST_BYTES}`,
        query_params: params,
        format: 'JSONEachRow',
      });
      return result.json<StoredRow>();
    };
  }

  async connections(question: PageQuestion): Promise<ConnectionsAnswer> {
    const cursor = question.cursor === undefined ? undefined : cursorOf(question.cursor);
    const covering = this.#covers(question);
    const finding = this.#recent(question, cursor).then(
      (recent) => recent ?? this.#newest(question, cursor),
    );
    const [covers, found] = await Promise.all([covering, finding]);
    const page = found.slice(0, question.limit);
    const last = page.at(-1);
    const more =
      found.length > page.length && last
        ? cursorText({
            ts: Number(last['ts_us']),
            key: keyOf(last),
            event: Number(last['event_code']),
          })
        : null;
    return {
      connections: page.map(connectionOf),
      more,
      covers,
      from: 'store',
    };
  }

  async edges(question: HistoryQuestion): Promise<EdgesAnswer> {
    const rows = rowsOf(question);
    const found = await this.#rows(
      `select src, dst, port, proto_, anyIf(process_, process_ != '') as process,
         anyIf(resp_process_, resp_process_ != '') as resp_process,
         any(direction_) as direction, count() as connections, countIf(failed_) as failed,
         sum(orig) as orig_bytes, sum(resp) as resp_bytes, quantileExactIf(0.5)(rtt, rtt > 0) as rtt_us,
         max(last) as last_ts, count() over () as edges
       from (
         select any(src_ip) as src, any(dst_ip) as dst, any(dst_port) as port, any(proto) as proto_,
           anyIf(process, process != '') as process_,
           anyIf(resp_process, resp_process != '') as resp_process_, any(direction) as direction_,
           max(outcome in ('refused', 'timeout', 'reset', 'dropped')) as failed_,
           max(coalesce(orig_bytes, 0)) as orig, max(coalesce(resp_bytes, 0)) as resp,
           max(coalesce(rtt_us, 0)) as rtt, max(ts) as last
         from ${CONNECTIONS} where ${rows.sql} and count is null group by key
       ) group by src, dst, port, proto_ order by connections desc, last_ts desc limit ${MAX_EDGES}`,
      rows.params,
    );
    const all = Number(found[0]?.['edges'] ?? 0);
    return {
      edges: found.map(edgeOf),
      more: all - found.length,
      covers: await this.#covers(question),
      from: 'store',
    };
  }

  async scans(question: PageQuestion): Promise<ScansAnswer> {
    const { sinceUs, ...page } = await storedScans(this.#rows, question);
    return { ...page, covers: await this.#covers({ ...question, sinceUs }), from: 'store' };
  }

  async blocks(question: PageQuestion): Promise<PastBlocksAnswer> {
    const { sinceUs, ...page } = await storedBlocks(this.#rows, question);
    return { ...page, covers: await this.#covers({ ...question, sinceUs }), from: 'store' };
  }

  async story(id: string): Promise<Story | undefined> {
    const rows = await this.#rows(
      `select ${SELECTED} from ${CONNECTIONS} where key = reinterpretAsUInt64(reverse(unhex({id:String}))) and count is null
       order by ts, event limit ${MAX_EVENTS}`,
      { id },
    );
    const events = rows.map(connectionOf);
    const connection = events.at(-1);
    return connection && { connection, events };
  }

  /** One more than the page has, of the last minute; undefined: it has fewer, or only some are asked for. */
  async #recent(question: PageQuestion, cursor: Cursor | undefined) {
    const { filter, sinceUs = 0, untilUs = Date.now() * 1000, limit } = question;
    const recentUs = Math.min(untilUs, cursor?.ts ?? Infinity) - RECENT_US;
    if (filter !== undefined || recentUs <= sinceUs) return undefined;
    const found = await this.#newest({ ...question, sinceUs: recentUs }, cursor);
    return found.length > limit ? found : undefined;
  }

  /** One more than the page has, if there are so many. */
  async #newest(question: PageQuestion, cursor: Cursor | undefined): Promise<StoredRow[]> {
    const rows = rowsOf(question);
    // a connection whose last event was on a page before is told; what is older than that isn't its last
    const at = '(ts, key, event)';
    const ts = 'fromUnixTimestamp64Micro({cursor_ts:Int64})';
    const mark = `(${ts}, reinterpretAsUInt64(reverse(unhex({cursor_key:String}))), {cursor_event:Int8})`;
    const before = cursor
      ? `and ${at} < ${mark} and ${spanOf('ts')} <= ${spanOf(ts)}
         and key not in (select key from ${CONNECTIONS} where ${rows.sql} and ${at} >= ${mark} and ${spanOf('ts')} >= ${spanOf(ts)})`
      : '';
    return this.#rows(
      // which rows they are takes few columns; all columns are read of those alone
      `select ${SELECTED}, toUnixTimestamp64Micro(ts) as ts_us, toInt8(event) as event_code from ${CONNECTIONS}
       where (${PLACE}) in (
         select ${PLACE} from ${CONNECTIONS} where ${rows.sql} ${before}
         ${NEWEST_FIRST} limit 1 by key limit {limit:UInt32}
       ) ${NEWEST_FIRST}`,
      {
        ...rows.params,
        limit: question.limit + 1,
        ...(cursor && { cursor_ts: cursor.ts, cursor_key: cursor.key, cursor_event: cursor.event }),
      },
    );
  }

  async #covers({ sinceUs, untilUs }: HistoryQuestion): Promise<Covers> {
    const [row] = await this.#rows(
      `select toUnixTimestamp64Micro(min(ts)) as first, count() as rows from ${CONNECTIONS}`,
      {},
    );
    const nowUs = Date.now() * 1000;
    const first = Number(row?.['rows']) === 0 ? nowUs : Number(row?.['first']);
    return {
      since_ts: timeOf(Math.max(first, sinceUs ?? 0)),
      until_ts: timeOf(Math.min(nowUs, untilUs ?? nowUs)),
    };
  }
}

function keyOf(row: StoredRow): string {
  return String(row['key_hex']).padStart(16, '0');
}

function timeOf(us: number): string {
  const ms = Math.floor(us / 1000);
  const rest = String(Math.floor(us) - ms * 1000).padStart(3, '0');
  return new Date(ms).toISOString().replace('Z', `${rest}Z`);
}

const LOCAL: Readonly<Record<string, Edge['local']>> = {
  outbound: 'client',
  inbound: 'server',
  local: 'both',
};

function edgeOf(row: StoredRow): Edge {
  const local = LOCAL[String(row['direction'])];
  const rtt = Number(row['rtt_us']);
  return {
    client: addressOf(row['src']),
    server: addressOf(row['dst']),
    port: Number(row['port']),
    proto: row['proto_'] as Edge['proto'],
    ...(row['process'] === '' ? {} : { process: String(row['process']) }),
    ...(row['resp_process'] === '' ? {} : { resp_process: String(row['resp_process']) }),
    ...(local ? { local } : {}),
    connections: Number(row['connections']),
    failed: Number(row['failed']),
    orig_bytes: Number(row['orig_bytes']),
    resp_bytes: Number(row['resp_bytes']),
    ...(rtt > 0 ? { rtt_us: rtt } : {}),
    last_ts: String(row['last_ts']),
  };
}
