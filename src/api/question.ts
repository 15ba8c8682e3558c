import { type Filter, parseFilter } from '../filter/filter.ts';
import { type HistoryQuestion, MAX_PAGE, type PageQuestion } from '../store/history.ts';
import { parseMoment } from '../store/moment.ts';
import { Refused } from './refused.ts';

const DEFAULT_PAGE = 100;
/** The longest filter that is read. */
const LONGEST = 1024;

/** A parameter of the query; undefined: it isn't there. */
export type Parameter = (name: string) => string | undefined;

/** `filter`, `since` and `until`. Throws Refused, and OperatorError for a filter. @param nowMs wall time */
export function historyQuestion(parameter: Parameter, nowMs: number): HistoryQuestion {
  return {
    filter: filterOf(parameter('filter')),
    sinceUs: momentOf('since', parameter('since'), nowMs),
    untilUs: momentOf('until', parameter('until'), nowMs),
  };
}

/** The same with `limit` and `cursor`. */
export function pageQuestion(parameter: Parameter, nowMs: number): PageQuestion {
  const limit = parameter('limit') ?? String(DEFAULT_PAGE);
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_PAGE)
    throw bad(`limit is a number from 1 to ${MAX_PAGE}`);
  return {
    ...historyQuestion(parameter, nowMs),
    limit: Number(limit),
    cursor: parameter('cursor') || undefined,
  };
}

/** Undefined: everything passes. */
export function filterOf(text: string | undefined): Filter | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  if (text.length > LONGEST) throw bad(`a filter has at most ${LONGEST} characters`);
  return parseFilter(text);
}

/** RFC 3339, or `15m`: so long ago. Microseconds since 1970. */
function momentOf(name: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  const us = parseMoment(text, nowMs * 1000);
  if (us === undefined)
    throw bad(`${name} is a time such as 2026-11-22T00:34:05Z, or 15m for so long ago`);
  return us;
}

function bad(message: string): Refused {
  return new Refused(400, 'bad_request', message, '/api/v1/openapi.json describes the parameters');
}
