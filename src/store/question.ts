import { Exit, OperatorError } from '../model/errors.ts';
import { spanOf } from './ddl.ts';
import type { HistoryQuestion } from './history.ts';
import { type Where, whereOf } from './where.ts';

/** Where a page begins: after this event of this connection, newest first. */
export interface Cursor {
  readonly ts: number;
  readonly key: string;
  readonly event: number;
}

/** The first microsecond that a DateTime64 of ClickHouse can't tell, and what stands for no end. */
const NEVER_US = 4_102_444_800_000_000;

/** The rows in the time that is asked for, and that pass the filter. */
export function rowsOf({ filter, sinceUs, untilUs }: HistoryQuestion): Where {
  const { sql, params } = whereOf(filter?.node);
  return {
    // the order of the table has spans before times
    sql: `ts >= ${SINCE} and ts < ${UNTIL} and ${spanOf('ts')} between ${spanOf(SINCE)} and ${spanOf(UNTIL)} and ${sql}`,
    params: { ...params, since: bounded(sinceUs ?? 0), until: bounded(untilUs) },
  };
}

const SINCE = 'fromUnixTimestamp64Micro({since:Int64})';
const UNTIL = 'fromUnixTimestamp64Micro({until:Int64})';

/** A time that ClickHouse can tell. */
export function bounded(us: number = NEVER_US): number {
  return Math.max(0, Math.min(NEVER_US, Math.floor(us)));
}

export function cursorText({ ts, key, event }: Cursor): string {
  return `${ts}-${key}-${event}`;
}

/** Throws OperatorError (bad usage). */
export function cursorOf(text: string): Cursor {
  const [, ts, key, event] = /^(\d{1,16})-([0-9a-f]{16})-(\d{1,2})$/.exec(text) ?? [];
  if (ts === undefined) throw noCursor(text);
  return { ts: Number(ts), key: key!, event: Number(event) };
}

/** A cursor that counts. Throws OperatorError (bad usage). */
export function countOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw noCursor(text);
  return Number(text);
}

export function noCursor(text: string): OperatorError {
  return new OperatorError(`'${text.slice(0, 64)}' is no cursor`, 'take `more` of an answer', {
    exitCode: Exit.usage,
  });
}
