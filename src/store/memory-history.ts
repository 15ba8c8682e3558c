import type { Scan } from '../flow/listener.ts';
import { List, Mark, Row } from '../flow/row.ts';
import type { ConnectionTable, Rows } from '../flow/table.ts';
import { OperatorError } from '../model/errors.ts';
import { type ConnectionEvent, EventCode } from '../model/events.ts';
import type {
  ConnectionsAnswer,
  Covers,
  Edge,
  EdgesAnswer,
  ScansAnswer,
  Story,
} from '../model/history.ts';
import type { JsonConnection } from '../model/json.ts';
import { factsOf } from '../sinks/filtered.ts';
import { Onlooker } from '../sinks/onlooker.ts';
import type { Sink } from '../sinks/sink.ts';
import { type History, type HistoryQuestion, MAX_EDGES, type PageQuestion } from './history.ts';
import { JsonObjects, type JsonObjectsOptions } from './json-objects.ts';
import { type CountedEdge, EdgeTable } from './memory-edges.ts';
import { MEMORY_ROWS, MemoryRows } from './memory-rows.ts';
import { MemoryScans } from './memory-scans.ts';
import { cursorOf, type Found, isAfter, Newest, type Place, placeOf } from './newest.ts';

/** What is older is not told, however much is remembered. */
const HOUR_NS = 3600e9;

export interface MemoryHistoryOptions extends JsonObjectsOptions {
  /** 32 random bits (HashIndex). */
  readonly seed: number;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly nowNs: () => number;
  /** Connections that are followed now: those that are older than what is remembered. */
  readonly followed: () => ConnectionTable | undefined;
  /** Connections remembered. */
  readonly capacity?: number;
}

/** Where a connection's event is. */
interface At {
  readonly rows: Rows;
  readonly row: number;
  readonly event: ConnectionEvent;
}

type Visit = (rows: Rows, row: number, event: ConnectionEvent, tsNs: number) => void;

/** The last hour in memory, as far as it holds that much: answers say what they cover. Summed attempts are not kept. */
export class MemoryHistory extends Onlooker implements Sink, History {
  readonly #options: MemoryHistoryOptions;
  readonly #rows: MemoryRows;
  readonly #scans = new MemoryScans();
  /** By which events are told: as it was at each. */
  readonly #wall = { offsetUs: 0 };
  readonly #json: JsonObjects;
  readonly #startedNs: number;
  /** One row, as it was at an event. */
  readonly #then = new MemoryRows(1, 0);

  constructor(options: MemoryHistoryOptions) {
    super();
    this.#options = options;
    this.#rows = new MemoryRows(options.capacity ?? MEMORY_ROWS, options.seed);
    this.#json = new JsonObjects({ ...options, clock: this.#wall });
    this.#startedNs = options.nowNs();
  }

  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void {
    this.#rows.take(event, table, row, this.#options.clock.offsetUs);
  }

  scan(scan: Scan): void {
    this.#wall.offsetUs = this.#options.clock.offsetUs;
    this.#scans.take(scan, this.#json.scan(scan));
  }

  summed(): void {}
  block(): void {}
  unblock(): void {}
  loss(): void {}
  plugin(): void {}

  connections(question: PageQuestion): Promise<ConnectionsAnswer> {
    return settled(() => this.#connections(question));
  }

  edges(question: HistoryQuestion): Promise<EdgesAnswer> {
    return settled(() => this.#edges(question));
  }

  scans(question: PageQuestion): Promise<ScansAnswer> {
    return settled(() => this.#scansOf(question));
  }

  story(id: string): Promise<Story | undefined> {
    return settled(() => this.#story(id));
  }

  #connections(question: PageQuestion): ConnectionsAnswer {
    const after = pageStart(question.cursor);
    const newest = new Newest<At>(question.limit + 1);
    this.#each(question, (rows, row, event, tsNs) => {
      if (!newest.wants(tsNs)) return;
      const id = (row * Row.stride + Row.id) >> 2;
      const found: Found<At> = {
        tsNs,
        idLo: rows.words[id]!,
        idHi: rows.words[id + 1]!,
        event: { rows, row, event },
      };
      if (!after || isAfter(found, after)) newest.add(found);
    });
    const page = newest.found.slice(0, question.limit);
    return {
      connections: page.map(({ event, tsNs }) => this.#objectOf(event, tsNs)),
      more: newest.found.length > question.limit ? cursorOf(page.at(-1)!) : null,
      covers: this.#covers(),
      from: 'memory',
    };
  }

  #edges(question: HistoryQuestion): EdgesAnswer {
    const table = new EdgeTable(this.#rows.size + (this.#options.followed()?.size ?? 0));
    this.#each(question, (rows, row, _event, tsNs) => table.add(rows, row, tsNs));
    const edges = table.top(MAX_EDGES).map((edge) => this.#edgeOf(edge));
    return {
      edges,
      more: table.size - edges.length,
      covers: this.#covers(),
      from: 'memory',
    };
  }

  #scansOf(question: PageQuestion): ScansAnswer {
    const after = pageStart(question.cursor);
    const [sinceNs, untilNs] = this.#span(question);
    const all = this.#scans.find(question, sinceNs, untilNs);
    const left = after ? all.filter(({ lastNs }) => lastNs < after.tsNs) : all;
    const page = left.slice(0, question.limit);
    const last = page.at(-1)?.lastNs ?? 0;
    return {
      scans: page.map(({ scan }) => scan),
      more: left.length > page.length ? cursorOf({ tsNs: last, idHi: 0, idLo: 0 }) : null,
      covers: this.#covers(this.#scans.forgottenNs),
      from: 'memory',
    };
  }

  #story(id: string): Story | undefined {
    const idHi = Number.parseInt(id.slice(0, 8), 16);
    const idLo = Number.parseInt(id.slice(8), 16);
    const events: Found<At>[] = [];
    const note = (rows: Rows, row: number, event: ConnectionEvent, tsNs: number) => {
      if (tsNs > 0) events.push({ tsNs, idHi, idLo, event: { rows, row, event } });
    };
    for (let age = 0; age < this.#rows.size; age++) {
      const row = this.#rows.row(age);
      const at = (row * Row.stride + Row.id) >> 2;
      if (this.#rows.words[at] !== idLo || this.#rows.words[at + 1] !== idHi) continue;
      for (const event of new Set([EventCode.attempt, EventCode.open, this.#rows.event(row)]))
        note(this.#rows, row, event, this.#rows.eventNs(row, event));
    }
    const followed = this.#options.followed();
    const row = followed?.find(idLo, idHi) ?? -1;
    if (followed && row >= 0 && events.length === 0)
      note(followed, row, lastEventOf(followed, row), this.#lastNsOf(followed, row));
    events.sort((a, b) => a.tsNs - b.tsNs);
    const told = events.map(({ event, tsNs }) => this.#objectOf(event, tsNs));
    return told.length === 0 ? undefined : { connection: told.at(-1)!, events: told };
  }

  /** Every connection with an event in the time asked for that passes the filter: its last one there. */
  #each(question: HistoryQuestion, visit: Visit): void {
    const { filter } = question;
    const [sinceNs, untilNs] = this.#span(question);
    const passes = (rows: Rows, base: number): boolean =>
      filter?.matches(rows.words, base, factsOf(rows.bytes[base + Row.proto]!)) ?? true;
    for (let age = 0; age < this.#rows.size; age++) {
      const row = this.#rows.row(age);
      if (!passes(this.#rows, row * Row.stride)) continue;
      for (const event of [this.#rows.event(row), EventCode.open, EventCode.attempt] as const) {
        const tsNs = this.#rows.eventNs(row, event);
        if (tsNs === 0 || tsNs < sinceNs || tsNs >= untilNs) continue;
        visit(this.#rows, row, event, tsNs);
        break;
      }
    }
    this.#eachOlder((rows, row, event, tsNs) => {
      if (tsNs < untilNs && passes(rows, row * Row.stride)) visit(rows, row, event, tsNs);
    });
  }

  /** Connections that are followed and were told of before all that is remembered: they still go on. */
  #eachOlder(visit: Visit): void {
    const followed = this.#options.followed();
    if (!followed) return;
    for (let list = 0; list < List.count; list++)
      for (let row = followed.oldest(list); row >= 0; row = followed.next(row)) {
        const id = (row * Row.stride + Row.id) >> 2;
        if (this.#rows.has(followed.words[id]!, followed.words[id + 1]!)) continue;
        visit(followed, row, lastEventOf(followed, row), this.#lastNsOf(followed, row));
      }
  }

  /** When it was told of last; of one that was there before the program, when that began to look. */
  #lastNsOf(followed: ConnectionTable, row: number): number {
    return followed.numbers[(row * Row.stride + Row.event_ns) >> 3]! || this.#startedNs;
  }

  /** A connection as it was at an event. */
  #objectOf({ rows, row, event }: At, tsNs: number): JsonConnection {
    const then = this.#then;
    const from = row * Row.stride;
    then.bytes.set(rows.bytes.subarray(from, from + Row.stride));
    then.numbers[Row.event_ns >> 3] = tsNs;
    if (event <= EventCode.open) {
      then.bytes[Row.outcome] = 0;
      then.bytes[Row.conn_state] = 0;
      then.halves[Row.error >> 1] = 0;
      then.halves[Row.marks >> 1]! &= ~Mark.counted;
    }
    const { offsetUs } = this.#options.clock;
    this.#wall.offsetUs = rows === this.#rows ? this.#rows.offsetUs(row) : offsetUs;
    return this.#json.connection(event, then, 0);
  }

  #edgeOf(edge: CountedEdge): Edge {
    const { rows, row, local, connections, failed, lastNs, rttUs } = edge;
    const one = this.#objectOf({ rows, row, event: EventCode.attempt }, lastNs);
    return {
      client: one.src_ip!,
      server: one.dst_ip,
      port: one.dst_port,
      proto: one.proto,
      ...(one.process === undefined ? {} : { process: one.process }),
      ...(one.resp_process === undefined ? {} : { resp_process: one.resp_process }),
      ...(local ? { local } : {}),
      connections,
      failed,
      orig_bytes: edge.origBytes,
      resp_bytes: edge.respBytes,
      ...(rttUs === undefined ? {} : { rtt_us: rttUs }),
      last_ts: one.ts,
    };
  }

  /** By the clock of the records, inclusive and exclusive. */
  #span({ sinceUs, untilUs }: HistoryQuestion): readonly [number, number] {
    const { clock, nowNs } = this.#options;
    const asked = sinceUs === undefined ? 0 : (sinceUs - clock.offsetUs) * 1000;
    return [
      Math.max(asked, nowNs() - HOUR_NS),
      untilUs === undefined ? Infinity : (untilUs - clock.offsetUs) * 1000,
    ];
  }

  #covers(forgottenNs: number = this.#rows.forgottenNs): Covers {
    const nowNs = this.#options.nowNs();
    const sinceNs = Math.max(this.#startedNs, forgottenNs, nowNs - HOUR_NS);
    return { since_ts: this.#timeOf(sinceNs), until_ts: this.#timeOf(nowNs) };
  }

  #timeOf(ns: number): string {
    const us = Math.floor(ns / 1000 + this.#options.clock.offsetUs);
    const whole = new Date(Math.floor(us / 1000)).toISOString().slice(0, -1);
    return `${whole}${String(us % 1000).padStart(3, '0')}Z`;
  }
}

/** An answer that is there at once, or why there is none, as from a store that takes its time. */
function settled<T>(answer: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(answer());
  });
}

/** Of one that goes on. */
function lastEventOf(followed: ConnectionTable, row: number): ConnectionEvent {
  const marks = followed.halves[(row * Row.stride + Row.marks) >> 1]!;
  return (marks & Mark.opened) === 0 ? EventCode.attempt : EventCode.open;
}

function pageStart(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const place = placeOf(cursor);
  if (place) return place;
  throw new OperatorError(
    `'${cursor.slice(0, 40)}' is no cursor`,
    'use `more` of the answer before',
  );
}
