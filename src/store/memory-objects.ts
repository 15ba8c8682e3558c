import { Mark, Row } from '../flow/row.ts';
import type { Rows } from '../flow/table.ts';
import { type ConnectionEvent, EventCode } from '../model/events.ts';
import type { Edge } from '../model/history.ts';
import type { JsonConnection } from '../model/json.ts';
import type { WallClock } from '../sinks/sink.ts';
import { JsonObjects, type JsonObjectsOptions } from './json-objects.ts';
import type { CountedEdge } from './memory-edges.ts';
import { MemoryRows } from './memory-rows.ts';
import type { MemorySums } from './memory-sums.ts';

/** Where a connection's event is. */
export interface At {
  readonly rows: Rows;
  readonly row: number;
  readonly event: ConnectionEvent;
}

/** What is remembered, as it was told: each event by the wall clock as it was then. */
export class MemoryObjects {
  readonly #clock: WallClock;
  readonly #rows: MemoryRows;
  readonly #sums: MemorySums;
  /** By which events are told: as it was at each. */
  readonly #wall = { offsetUs: 0 };
  readonly #json: JsonObjects;
  /** One row, as it was at an event. */
  readonly #then = new MemoryRows(1, 0);

  constructor(options: JsonObjectsOptions, rows: MemoryRows, sums: MemorySums) {
    this.#clock = options.clock;
    this.#rows = rows;
    this.#sums = sums;
    this.#json = new JsonObjects({ ...options, clock: this.#wall });
  }

  /** What is told at this moment. */
  get now(): JsonObjects {
    this.#wall.offsetUs = this.#clock.offsetUs;
    return this.#json;
  }

  /** A connection as it was at an event. */
  connection({ rows, row, event }: At, tsNs: number): JsonConnection {
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
    const { offsetUs } = this.#clock;
    this.#wall.offsetUs = rows === this.#rows ? this.#rows.offsetUs(row) : offsetUs;
    return this.#json.connection(event, then, 0);
  }

  /** @param at where its record is */
  sum(at: number): JsonConnection {
    this.#wall.offsetUs = this.#sums.offsetUs(at);
    return this.#json.summed(this.#sums.words, this.#sums.bytes, at);
  }

  edge(edge: CountedEdge): Edge {
    const { rows, row, local, connections, failed, lastNs, rttUs } = edge;
    const one = this.connection({ rows, row, event: EventCode.attempt }, lastNs);
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
}
