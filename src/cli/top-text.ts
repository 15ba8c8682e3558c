import type { SocketConnection, SocketOrder, SocketRates, SocketTop } from '../model/sockets.ts';
import { terminalLine } from '../sinks/escape.ts';
import { amount, duration } from './amounts.ts';
import { elide } from './table.ts';
import { endpoint, holder, localOf, peerOf, placeOf, acceptors } from './sockets-text.ts';

type Row = SocketConnection & Partial<SocketRates>;

/** The keys that sort, and what a terminal's last line says of them. */
export const ORDER_KEYS: Readonly<Record<string, SocketOrder>> = {
  r: 'rate',
  b: 'bytes',
  t: 'rtt',
  x: 'retransmits',
  u: 'queues',
};

/** What the screen shows besides the connections. */
export interface View {
  readonly order: SocketOrder;
  readonly paused: boolean;
  readonly filter: string | undefined;
  readonly columns: number;
  readonly rows: number;
}

/** Lines that are no connections: two above, the column's names, and the keys below. */
const AROUND = 4;
const REVERSE = '\x1b[7m';

/** How many connections fit. */
export function rowsFor(rows: number): number {
  return Math.max(0, rows - AROUND);
}

/** The whole screen. */
export function topLines(top: SocketTop, view: View): string[] {
  const { columns } = view;
  const whole = (line: string) => cut(terminalLine(line), columns);
  const [names = '', ...lines] = connectionLines(top.connections, view);
  const body = lines.slice(0, rowsFor(view.rows));
  const empty = Array<string>(Math.max(0, rowsFor(view.rows) - body.length)).fill('');
  return [
    whole(headline(top)),
    whole(pressure(top, columns)),
    `${REVERSE}${names.padEnd(columns)}`,
    ...body,
    ...empty,
    whole(keys(view)),
  ].slice(-Math.max(1, view.rows));
}

function headline({ ts, total, interval_s }: SocketTop): string {
  const time = new Date(ts).toTimeString().slice(0, 8);
  const { connections, in_bytes_per_s, out_bytes_per_s, retransmits_per_s } = total;
  const rates =
    interval_s === undefined
      ? 'rates come with the next look'
      : `in ${amount(in_bytes_per_s!)}B/s  out ${amount(out_bytes_per_s!)}B/s  sent again ${amount(retransmits_per_s!)}/s`;
  return `packetwatch top  ${time}  ${connections} connections  ${rates}`;
}

/** The listener that is worst off, as far as there is room, and how many others there are. */
function pressure({ pressed }: SocketTop, columns: number): string {
  const [worst, ...more] = pressed;
  if (!worst) return 'no listen queue is filling up';
  const others = more.length > 0 ? `, and ${more.length} more` : '';
  const facts = [
    `${placeOf(worst)} ${acceptors(worst)}: accept queue ${worst.accept_queue}/${worst.accept_limit}`,
    `${amount(worst.drops)} dropped`,
    `SYN queue ${worst.syn_queue}/${worst.syn_limit}`,
  ];
  while (facts.length > 1 && facts.join(', ').length + others.length > columns) facts.pop();
  return `${facts.join(', ')}${others}`;
}

function keys({ order, paused, filter, columns }: View): string {
  const sorts = Object.entries(ORDER_KEYS).map(([key, by]) =>
    by === order ? `[${by}]` : `${key} ${by}`,
  );
  const what = [...sorts, paused ? 'p go on (paused)' : 'p pause', 'q quit'].join('  ');
  const told = filter === undefined ? '' : `  filter: ${filter}`;
  return what.length + told.length > columns ? what : `${what}${told}`;
}

/** A column: what it holds, and how wide it is at least and at most. */
interface Column {
  readonly name: string;
  readonly of: (row: Row) => string;
  readonly least: number;
  readonly most: number;
  /** Numbers stand to the right. */
  readonly right?: true;
}

const NUMBER = { least: 6, most: 6, right: true } as const;
/** Where not even their least has room, the last ones go. */
const PEER: Column = {
  name: 'peer',
  of: (row) => `${row.direction === 'inbound' ? '<-' : '->'} ${endpoint(...peerOf(row))}`,
  least: 24,
  most: 50,
};
const PROCESS: Column = { name: 'process', of: holder, least: 14, most: 28 };
const LOCAL_PORT: Column = { name: 'local', of: (row) => `:${localOf(row)[1]}`, least: 6, most: 6 };
const LOCAL: Column = {
  name: 'local',
  of: (row) => endpoint(...localOf(row)),
  least: 21,
  most: 47,
};
const IN: Column = { name: 'in/s', of: (row) => rate(row.in_bytes_per_s), ...NUMBER };
const OUT: Column = { name: 'out/s', of: (row) => rate(row.out_bytes_per_s), ...NUMBER };
const RTT: Column = { name: 'rtt', of: (row) => duration(row.tcp?.rtt_us), ...NUMBER };
const AGAIN: Column = {
  name: 'retr',
  of: (row) => (row.tcp ? amount(row.tcp.retransmits) : '-'),
  ...NUMBER,
  least: 5,
};
const QUEUES: Column = {
  name: 'queued',
  of: (row) => amount(row.receive_queue + row.send_queue),
  ...NUMBER,
};
const BYTES: Column = {
  name: 'bytes',
  of: (row) => (row.tcp ? amount(row.tcp.bytes_sent + row.tcp.bytes_received) : '-'),
  ...NUMBER,
};
const STATE: Column = { name: 'state', of: ({ state }) => state, least: 11, most: 11 };

/** What a screen shows that has no room for more. */
const SORTING: Readonly<Record<SocketOrder, readonly Column[]>> = {
  rate: [IN, OUT],
  bytes: [BYTES],
  rtt: [RTT],
  retransmits: [AGAIN],
  queues: [QUEUES],
};

/** The names of the columns, then a line for each connection, all of that width at most. */
export function connectionLines(
  rows: readonly Row[],
  view: Pick<View, 'order' | 'columns'>,
): string[] {
  const { order, columns: width } = view;
  const last = order === 'bytes' ? BYTES : QUEUES;
  const wide = [PROCESS, LOCAL, PEER, IN, OUT, RTT, AGAIN, QUEUES, BYTES];
  const narrow = [PROCESS, LOCAL_PORT, PEER, IN, OUT, RTT, AGAIN, last];
  const least = [PEER, ...SORTING[order]];
  const columns =
    [[...wide, STATE], wide, narrow, [PROCESS, ...least]].find((all) => leastOf(all) <= width) ??
    least;
  const cells = rows.map((row) => columns.map(({ of }) => terminalLine(of(row))));
  const widths = widthsOf(columns, cells, width);
  const line = (words: readonly string[]) =>
    cut(
      words
        .map((word, i) => {
          const text = elide(word, widths[i]!);
          return columns[i]!.right ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
        })
        .join(' '),
      width,
    ).trimEnd();
  return [columns.map(({ name }) => name), ...cells].map(line);
}

function leastOf(columns: readonly Column[]): number {
  return columns.reduce((sum, { least }) => sum + least + 1, -1);
}

/** Each has its least; what is left goes to those that need more. */
function widthsOf(columns: readonly Column[], cells: readonly string[][], width: number): number[] {
  const widths = columns.map(({ least }) => least);
  let left = Math.max(0, width - leastOf(columns));
  for (const growing of [PEER, LOCAL, PROCESS]) {
    const i = columns.indexOf(growing);
    if (i < 0) continue;
    const needed = cells.reduce((most, row) => Math.max(most, row[i]!.length), growing.least);
    const more = Math.min(left, Math.min(needed, growing.most) - growing.least);
    widths[i]! += more;
    left -= more;
  }
  return widths;
}

function rate(value: number | undefined): string {
  return value === undefined ? '-' : amount(value);
}

function cut(line: string, columns: number): string {
  return line.length > columns ? line.slice(0, Math.max(0, columns)) : line;
}
