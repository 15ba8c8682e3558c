import type { Scan } from '../flow/listener.ts';
import { List, Mark, Row } from '../flow/row.ts';
import type { ConnectionTable, Rows } from '../flow/table.ts';
import { type ConnectionEvent, EventCode } from '../model/events.ts';
import type {
  ConnectionsAnswer,
  Covers,
  EdgesAnswer,
  PastBlocksAnswer,
  ScansAnswer,
  Story,
} from '../model/history.ts';
import { factsOf } from '../sinks/filtered.ts';
import { Onlooker } from '../sinks/onlooker.ts';
import type { Sink } from '../sinks/sink.ts';
import { BlockBook } from './block-book.ts';
import { type History, type HistoryQuestion, MAX_EDGES, type PageQuestion } from './history.ts';
import type { JsonObjectsOptions } from './json-objects.ts';
import { EdgeTable } from './memory-edges.ts';
import { type At, MemoryObjects } from './memory-objects.ts';
import { MEMORY_ROWS, MemoryRows } from './memory-rows.ts';
import { MemoryScans } from './memory-scans.ts';
import { MemorySums } from './memory-sums.ts';
import { parseMoment } from './moment.ts';
import { cursorOf, type Found, isAfter, Newest, type Place, placeOf } from './newest.ts';
import { countOf, noCursor } from './question.ts';

/** What is older is not told, however much is remembered. */
const HOUR_NS = 3600e9;
/** Blocks that are remembered, and the scans that brought them about, 8 kB each at most. */
const BLOCKS = 1024;

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

type Visit = (rows: Rows, row: number, event: ConnectionEvent, tsNs: number) => void;

/** The last hour in memory, as far as it holds that much: answers say what they cover. */
export class MemoryHistory extends Onlooker implements Sink, History {
  readonly #options: MemoryHistoryOptions;
  readonly #rows: MemoryRows;
  readonly #scans = new MemoryScans();
  readonly #sums = new MemorySums();
  readonly #blocks = new BlockBook(BLOCKS);
  readonly #objects: MemoryObjects;
  readonly #startedNs: number;

  constructor(options: MemoryHistoryOptions) {
    super();
    this.#options = options;
    this.#rows = new MemoryRows(options.capacity ?? MEMORY_ROWS, options.seed);
    this.#objects = new MemoryObjects(options, this.#rows, this.#sums);
    this.#startedNs = options.nowNs();
  }

  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void {
    this.#rows.take(event, table, row, this.#options.clock.offsetUs);
  }

  summed(_words: Uint32Array, bytes: Uint8Array, at: number): void {
    this.#sums.take(bytes, at, this.#options.clock.offsetUs);
  }

  scan(scan: Scan): void {
    const told = this.#objects.now.scan(scan);
    this.#scans.take(scan, told);
    this.#blocks.take(told);
  }

  block(words: Uint32Array, bytes: Uint8Array, at: number): void {
    this.#blocks.take(this.#objects.now.block(words, bytes, at));
  }

  unblock(words: Uint32Array, bytes: Uint8Array, at: number): void {
    this.#blocks.take(this.#objects.now.unblock(words, bytes, at));
  }

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

  blocks(question: PageQuestion): Promise<PastBlocksAnswer> {
    return settled(() => this.#blocksOf(question));
  }

  story(id: string): Promise<Story | undefined> {
    return settled(() => this.#story(id));
  }

  #connections(question: PageQuestion): ConnectionsAnswer {
    const after = pageStart(question.cursor);
    const newest = new Newest<At | number>(question.limit + 1);
    const offer = (found: Found<At | number>) => {
      if (!after || isAfter(found, after)) newest.add(found);
    };
    this.#each(question, (rows, row, event, tsNs) => {
      if (!newest.wants(tsNs)) return;
      const id = (row * Row.stride + Row.id) >> 2;
      const [idLo, idHi] = [rows.words[id]!, rows.words[id + 1]!];
      offer({ tsNs, idLo, idHi, event: { rows, row, event } });
    });
    const [sinceNs, untilNs] = this.#span(question);
    this.#sums.each(question.filter, (at, tsNs, number) => {
      if (tsNs >= sinceNs && tsNs < untilNs) offer({ tsNs, idLo: number, idHi: 0, event: at });
    });
    const page = newest.found.slice(0, question.limit);
    return {
      connections: page.map(({ event, tsNs }) =>
        typeof event === 'number'
          ? this.#objects.sum(event)
          : this.#objects.connection(event, tsNs),
      ),
      more: newest.found.length > question.limit ? cursorOf(page.at(-1)!) : null,
      covers: this.#covers(Math.max(this.#rows.forgottenNs, this.#sums.forgottenNs)),
      from: 'memory',
    };
  }

  #edges(question: HistoryQuestion): EdgesAnswer {
    const followed = this.#options.followed();
    const table = new EdgeTable(this.#rows.size + (followed?.size ?? 0));
    this.#each(question, (rows, row, _event, tsNs) => {
      // Within the host the other end's process is known after the open was told: it is with what is followed
      const id = (row * Row.stride + Row.id) >> 2;
      const live =
        rows === this.#rows ? (followed?.find(rows.words[id]!, rows.words[id + 1]!) ?? -1) : -1;
      if (live >= 0) table.add(followed!, live, tsNs);
      else table.add(rows, row, tsNs);
    });
    const edges = table.top(MAX_EDGES).map((edge) => this.#objects.edge(edge));
    return {
      edges,
      more: table.size - edges.length,
      covers: this.#covers(),
      from: 'memory',
    };
  }

  #scansOf(question: PageQuestion): ScansAnswer {
    const before = question.cursor === undefined ? Infinity : countOf(question.cursor);
    const [sinceNs, untilNs] = this.#span(question);
    const all = this.#scans.find(question, sinceNs, untilNs);
    const left = all.filter(({ number }) => number < before);
    const page = left.slice(0, question.limit);
    return {
      scans: page.map(({ scan }) => scan),
      more: left.length > page.length ? String(page.at(-1)!.number) : null,
      covers: this.#covers(this.#scans.forgottenNs),
      from: 'memory',
    };
  }

  #blocksOf(question: PageQuestion): PastBlocksAnswer {
    const nowUs = this.#options.nowNs() / 1000 + this.#options.clock.offsetUs;
    const sinceUs = Math.max(question.sinceUs ?? 0, nowUs - HOUR_NS / 1000);
    const { forgottenTs } = this.#blocks;
    const forgottenUs = forgottenTs === undefined ? undefined : parseMoment(forgottenTs, 0);
    return {
      ...this.#blocks.page({ ...question, sinceUs }, nowUs / 1000),
      covers: this.#covers(((forgottenUs ?? -Infinity) - this.#options.clock.offsetUs) * 1000),
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
    const told = events.map(({ event, tsNs }) => this.#objects.connection(event, tsNs));
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
  throw noCursor(cursor);
}
