import type { KnownBlock, KnownScan } from '../model/history.ts';
import type { JsonBlock, JsonScan } from '../model/json.ts';
import { BlockBook, blockPlaceOf } from './block-book.ts';
import { DATABASE } from './ddl.ts';
import type { PageQuestion } from './history.ts';
import { bounded, noCursor } from './question.ts';
import { addressOf, type StoredRow } from './row.ts';
import { knownScans } from './stored-scans.ts';

/**
 * So many lines are read at once, of what may be millions in a month of scans: 4 kB each at most. A page that comes to
 * their end says where those before them are.
 */
const MOST_LINES = 20_000;

/** Asks the tables. */
export type Rows = (
  query: string,
  params: Readonly<Record<string, string | number>>,
) => Promise<StoredRow[]>;

const EVENTS = `${DATABASE}.events`;
const SINCE = at('since');
const UNTIL = at('until');
const WINDOW = `ts >= ${SINCE} and ts < ${UNTIL}`;
/** Of a scan, as long as it goes on. */
const PAIR = 'src_ip, dst_ip, kind';

/** Scans of a page, newest first. @property sinceUs from when on they are known */
export async function storedScans(
  rows: Rows,
  question: PageQuestion,
): Promise<{ scans: KnownScan[]; more: string | null; sinceUs: number | undefined }> {
  const page = scanPlaceOf(question.cursor);
  const untilUs = page.untilUs ?? question.untilUs;
  const cutUs = await cutOf(rows, ['scan'], question.sinceUs, untilUs);
  const sinceUs = cutUs ?? question.sinceUs;
  const params = { since: bounded(sinceUs ?? 0), until: bounded(untilUs) };
  const [lines, starts, goneOn] = await Promise.all([
    rows(`select line from ${EVENTS} where event = 'scan' and ${WINDOW} order by ts`, params),
    sinceUs === undefined ? [] : rows(STARTS, params),
    page.untilUs === undefined
      ? []
      : rows(GONE_ON, { ...params, asked_until: bounded(question.untilUs) }),
  ]);
  const newest = knownScans(lines.map(lineOf).filter(isScan), {
    filter: question.filter,
    starts: starts.map(({ start }) => lineOf({ line: start })).filter(isScan),
    goneOn: goneOn.map(pairOf),
  });
  const to = page.skip + question.limit;
  const next = newest.length > to ? cursorText(to, page.untilUs) : null;
  return {
    scans: newest.slice(page.skip, to),
    more: next ?? (cutUs === undefined ? null : cursorText(0, cutUs)),
    sinceUs,
  };
}

/** The starts of scans that went on when the lines that are read begin. */
const STARTS = `select argMaxIf(line, ts, state = 'start') as start from ${EVENTS}
  where event = 'scan' and ts < ${SINCE} and (${PAIR}) in (
    select ${PAIR} from ${EVENTS} where event = 'scan' and ${WINDOW}
    group by ${PAIR} having argMin(state, ts) != 'start'
  ) group by ${PAIR} having argMax(state, ts) != 'end' and start != ''`;

/** Scans that went on when the lines that are read end: they were told with those after these. */
const GONE_ON = `select ${PAIR} from ${EVENTS}
  where event = 'scan' and ts >= ${UNTIL} and ts < ${at('asked_until')} and (${PAIR}) in (
    select ${PAIR} from ${EVENTS} where event = 'scan' and ${WINDOW}
    group by ${PAIR} having argMax(state, ts) != 'end'
  ) group by ${PAIR} having argMin(state, ts) != 'start'`;

/** Blocks of a page, newest first. @property sinceUs from when on they are known */
export async function storedBlocks(
  rows: Rows,
  question: PageQuestion,
): Promise<{ blocks: KnownBlock[]; more: string | null; sinceUs: number | undefined }> {
  const { cursor, untilUs = Infinity } = question;
  const place = cursor === undefined ? undefined : blockPlaceOf(cursor);
  const endUs = Math.min(untilUs, place ? place.us + 1 : Infinity);
  const cutUs = await cutOf(rows, ['scan', 'block', 'unblock'], question.sinceUs, endUs);
  const sinceUs = cutUs ?? question.sinceUs;
  const lines = await rows(
    // the end of one may come later than what is asked for
    `select line from ${EVENTS}
     where (event in ('block', 'unblock') or event = 'scan' and ts < ${UNTIL}) and ts >= ${SINCE}
     order by ts, event = 'scan' desc limit ${2 * MOST_LINES}`,
    { since: bounded(sinceUs ?? 0), until: bounded(endUs) },
  );
  const book = new BlockBook();
  for (const row of lines) book.take(lineOf(row));
  const { blocks, more } = book.page(question, Date.now());
  return { blocks, more: more ?? (cutUs === undefined ? null : `${cutUs - 1}.0`), sinceUs };
}

/** When the first of the newest lines of a time is, and those of the same moment; undefined: there are no more. */
async function cutOf(
  rows: Rows,
  events: readonly string[],
  sinceUs: number | undefined,
  untilUs: number | undefined,
): Promise<number | undefined> {
  const [row] = await rows(
    `select toUnixTimestamp64Micro(ts) as us from ${EVENTS}
     where event in (${events.map((event) => `'${event}'`).join(', ')}) and ${WINDOW}
     order by ts desc limit 1 offset ${MOST_LINES}`,
    { since: bounded(sinceUs ?? 0), until: bounded(untilUs) },
  );
  return row && Number(row['us']);
}

function at(name: string): string {
  return `fromUnixTimestamp64Micro({${name}:Int64})`;
}

function lineOf(row: StoredRow): JsonScan | JsonBlock {
  return JSON.parse(String(row['line'])) as JsonScan | JsonBlock;
}

function isScan(line: JsonScan | JsonBlock): line is JsonScan {
  return line.event === 'scan';
}

/** As knownScans() names it. */
function pairOf(row: StoredRow): string {
  return `${addressOf(row['src_ip'])} ${addressOf(row['dst_ip'])} ${String(row['kind'])}`;
}

/** After how many scans of the lines before which time, microseconds, a page begins. */
function cursorText(skip: number, untilUs: number | undefined): string {
  return untilUs === undefined ? String(skip) : `${skip}.${untilUs}`;
}

/** Throws OperatorError (bad usage). */
function scanPlaceOf(cursor = '0'): { skip: number; untilUs: number | undefined } {
  const [, skip, us] = /^(\d{1,9})(?:\.(\d{1,16}))?$/.exec(cursor) ?? [];
  if (skip === undefined) throw noCursor(cursor);
  return { skip: Number(skip), untilUs: us === undefined ? undefined : Number(us) };
}
