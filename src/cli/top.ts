import { Command, InvalidArgumentError, Option } from 'commander';
import { Top } from '../agent/top.ts';
import { type Filter, parseFilter } from '../filter/filter.ts';
import { Exit } from '../model/errors.ts';
import { SOCKET_ORDERS, type SocketOrder } from '../model/sockets.ts';
import { terminalLine } from '../sinks/escape.ts';
import { integer, seconds } from './parse.ts';
import { Screen } from './screen.ts';
import { connectionLines, ORDER_KEYS, rowsFor, topLines } from './top-text.ts';

/** Connections of a line of JSON, or of a table that no terminal bounds. */
const LINES = 20;
/** Where nobody's terminal says. */
const COLUMNS = 80;
/** More often it would measure bursts. */
const LEAST_S = 0.1;

interface Options {
  sort: SocketOrder;
  interval: number;
  lines: number;
  once?: boolean;
  json?: boolean;
}

/** `packetwatch top`. */
export function topCommand(): Command {
  return new Command('top')
    .description('the busiest connections, live')
    .argument('[filter...]', 'only these addresses and ports, as in tcpdump')
    .addOption(
      new Option('-s, --sort <by>', 'which come first, those with most')
        .choices(SOCKET_ORDERS)
        .default('rate'),
    )
    .option('-i, --interval <time>', 'between two looks', interval, 1)
    .option(
      '-n, --lines <n>',
      'connections of a table or of a line of JSON',
      integer(1, 100_000),
      LINES,
    )
    .option('--once', 'one table after one interval; so it is where no terminal is')
    .option('--json', 'one JSON object for each look')
    .addHelpText(
      'after',
      `
Keys: r rate, b bytes, t round-trip time, x segments sent again, u queues; p pauses, q ends.

in/s and out/s are bytes of payload since the look before, retr is how many segments were sent again
in all, queued what waits to be read or acknowledged. A connection that came and went between two
looks isn't seen: \`packetwatch watch\` tells it. All looks together take a tenth of a CPU at
most: with very many sockets they come less often than asked for.

  packetwatch top
  packetwatch top port 443 --sort retransmits
  packetwatch top --json --once`,
    )
    .action(async (words: string[], options: Options) => {
      const filter = words.length > 0 ? parseFilter(words.join(' ')) : undefined;
      if (options.json) await lines(filter, options);
      else if (options.once || !hasScreen()) await table(filter, options);
      else await live(filter, options);
    });
}

/** A terminal that can be written all over; Emacs and expect have others. */
function hasScreen(): boolean {
  return process.stdout.isTTY && process.env['TERM'] !== 'dumb';
}

async function table(
  filter: Filter | undefined,
  { interval: s, sort, lines: most }: Options,
): Promise<void> {
  const top = new Top(filter);
  await top.look();
  await pause(s * 1000);
  await top.look();
  const { connections, left_out } = await top.answer(sort, most);
  const columns = process.stdout.columns || COLUMNS;
  const told = connectionLines(connections, { order: sort, columns });
  if (connections.length === 0) told.push('no connections');
  if (left_out > 0) told.push(`and ${left_out} more: -n shows more`);
  process.stdout.write(`${told.join('\n')}\n`);
}

/** The first line has no rates yet; with --once it is left out. */
async function lines(filter: Filter | undefined, options: Options): Promise<void> {
  process.once('SIGINT', () => process.exit(Exit.done));
  const top = new Top(filter);
  for (let looks = 1; ; looks++) {
    await top.look();
    const answer = await top.answer(options.sort, options.lines);
    const last = options.once && looks === 2;
    if (last || !options.once) process.stdout.write(`${terminalLine(JSON.stringify(answer))}\n`);
    if (last) return;
    await pause(top.waitMs(options.interval * 1000));
  }
}

async function live(filter: Filter | undefined, options: Options): Promise<void> {
  const top = new Top(filter);
  const screen = new Screen();
  let order = options.sort;
  let paused = false;
  await top.look(); // what the kernel refuses is told on the screen that there was
  screen.start();
  try {
    for (let nextMs = 0; ; ) {
      const { columns, rows } = screen;
      const view = { order, paused, filter: filter?.text, columns, rows };
      screen.draw(topLines(await top.answer(order, rowsFor(rows)), view));
      const nowMs = performance.now();
      if (nextMs === 0) nextMs = nowMs + top.waitMs(options.interval * 1000);
      const happened = await screen.next(paused ? 2 ** 30 : Math.max(0, nextMs - nowMs));
      if (happened === 'end') return;
      if (typeof happened === 'object') {
        const { key } = happened;
        if (key === 'q') return;
        if (key === 'p') paused = !paused;
        order = ORDER_KEYS[key] ?? order;
      }
      if (happened !== 'time' || paused) continue;
      await top.look();
      nextMs = 0;
    }
  } finally {
    screen.stop();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function interval(text: string): number {
  const value = seconds(text);
  if (value < LEAST_S) throw new InvalidArgumentError(`${LEAST_S}s is the least.`);
  return value;
}
