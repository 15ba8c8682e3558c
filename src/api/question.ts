import { type Filter, parseFilter } from '../filter/filter.ts';
import { SOCKET_ORDERS } from '../model/sockets.ts';
import { type HistoryQuestion, MAX_PAGE, type PageQuestion } from '../store/history.ts';
import { parseMoment } from '../store/moment.ts';
import { type AddressPrefix, parsePrefix } from '../wire/prefix.ts';
import type { SocketQuestion } from './program.ts';
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
  return {
    ...historyQuestion(parameter, nowMs),
    limit: limitOf(parameter('limit')),
    cursor: parameter('cursor') || undefined,
  };
}

/** `filter`, `sort` and `limit`. */
export function socketQuestion(parameter: Parameter): SocketQuestion {
  const wanted = parameter('sort') ?? 'queues';
  const order = SOCKET_ORDERS.find((name) => name === wanted);
  if (order === undefined) throw bad(`sort is one of ${SOCKET_ORDERS.join(', ')}`);
  return { filter: filterOf(parameter('filter')), order, limit: limitOf(parameter('limit')) };
}

function limitOf(text: string = String(DEFAULT_PAGE)): number {
  const limit = Number(text);
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= MAX_PAGE) return limit;
  throw bad(`limit is a number from 1 to ${MAX_PAGE}`);
}

/** Undefined: everything passes. */
export function filterOf(text: string | undefined): Filter | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  if (text.length > LONGEST) throw bad(`a filter has at most ${LONGEST} characters`);
  return parseFilter(text);
}

/** An address, or a prefix in CIDR form. Throws Refused. */
export function prefixOf(address: unknown): AddressPrefix {
  const found = typeof address === 'string' ? parsePrefix(address) : undefined;
  if (found) return found;
  throw new Refused(
    400,
    'bad_request',
    'address is no address',
    'give one such as 192.0.2.7, 2001:db8::/32 or 10.1.0.0/16',
  );
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
