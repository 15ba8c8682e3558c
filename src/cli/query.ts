import { Command, Option } from 'commander';
import { resolve } from 'node:path';
import { ask } from '../agent/ask.ts';
import { runningHistory } from '../agent/ask-history.ts';
import type { Status } from '../agent/status.ts';
import { parseFilter } from '../filter/filter.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import { type History, type HistoryQuestion, MAX_PAGE } from '../store/history.ts';
import { openHistory, type OpenHistory } from '../store/open-history.ts';
import { integer, moment } from './parse.ts';
import { isQueryKind, mustFit, type Output, QUERIES, type QueryKind } from './query-kinds.ts';
import { tell } from './tell.ts';

interface Options {
  since?: number;
  until?: number;
  limit: number;
  output: Output;
  store?: string;
}

/** `packetwatch query`. */
export function queryCommand(): Command {
  return new Command('query')
    .description('what `watch --store` has kept: connections, scans or blocks, newest first')
    .usage('[options] [connections|scans|blocks] [filter...]')
    .argument(
      '[what...]',
      'connections, each by its last event; scans, each as it is or was last; blocks, by when they began; only those of these addresses and ports, as in tcpdump',
    )
    .option('--since <time>', 'from then on: RFC 3339, or how long ago, as in 15m', moment)
    .option('--until <time>', 'until then', moment)
    .option('--limit <n>', 'so many at most', integer(1, 1_000_000_000), 100)
    .addOption(
      new Option('-o, --output <form>', 'form of the records')
        .choices(['table', 'json', 'csv'])
        .default('table'),
    )
    .option('--store <directory>', 'where they are kept; without it the running program is asked')
    .addHelpText(
      'after',
      `
The filter is that of \`watch\`: [ip|ip6|tcp|udp] [src|dst] [host|net|port|portrange] VALUE, joined by
and, or, not and parentheses; src is who began. A scan passes by its source, its target, and one of its
ports; a block by whom it shuts out.
JSON has the objects of \`watch -o json\`, one a line: a scan's last line, with its first one as "first"; a
block's line, with the scan that brought it about, and its end: expired, removed (by a command, or as its
source is never to be blocked) or replaced by the next block of that source; without an end it is in force.
CSV (RFC 4180) has a column for each of their fields; a text that a spreadsheet would take for a formula
has a ' before it. While \`watch --store\` runs it alone has the directory, and answers for it.

  packetwatch query --since 1h host 192.0.2.7
  packetwatch query --since 2026-04-28T15:00:00Z --until 2026-04-28T16:00:00Z 'dst port 443 and not net 10/8'
  packetwatch query --since 1d -o json --limit 1000000 | jq -r 'select(.outcome=="refused") | .src_ip' | sort | uniq -c
  packetwatch query -o csv --store /var/lib/packetwatch/store port 22 > ssh.csv
  packetwatch query scans --since 1d port 22
  packetwatch query blocks src net 192.0.2.0/24
  packetwatch query blocks --since 1d -o json | jq -r 'select(.end=="removed") | [.src_ip, .scan.kind, .end_ts] | @tsv'`,
    )
    .action(async (words: string[], options: Options) => {
      const [first] = words;
      const kind = isQueryKind(first) ? first : 'connections';
      const rest = isQueryKind(first) ? words.slice(1) : words;
      const filter = rest.length > 0 ? parseFilter(rest.join(' ')) : undefined;
      mustFit(kind, filter?.node);
      const opened = await historyOf(options.store);
      try {
        const asked = { filter, sinceUs: options.since, untilUs: options.until };
        await print(kind, opened.history, asked, options);
      } finally {
        await opened.close();
      }
    });
}

/** By whom the store is asked: one process has it. */
async function historyOf(directory: string | undefined): Promise<OpenHistory> {
  const running = ((await ask('status')) as Status | undefined)?.store?.directory;
  if (running !== undefined && (directory === undefined || resolve(directory) === running))
    return { history: runningHistory(), close: async () => {} };
  if (directory === undefined)
    throw new OperatorError(
      'no program that keeps connections runs here',
      'name the directory: packetwatch query --store DIR',
      { exitCode: Exit.usage },
    );
  return openHistory(resolve(directory), process.argv[1]!, tell);
}

async function print(
  kind: QueryKind,
  history: History,
  asked: HistoryQuestion,
  { limit, output }: Options,
): Promise<void> {
  const query = QUERIES[kind];
  let left = limit;
  let cursor: string | undefined;
  let isFirst = true;
  do {
    const question = { ...asked, limit: Math.min(left, MAX_PAGE), cursor };
    const { text, count, more } = await query.page(history, question, output, isFirst);
    left -= count;
    cursor = more ?? undefined;
    await write(text);
    isFirst = false;
  } while (cursor !== undefined && left > 0);
  if (cursor !== undefined) tell(`there are more than ${limit}: --limit tells more of them`);
}

/** Waits for a reader that is slow: pages may be many. */
async function write(text: string): Promise<void> {
  await new Promise<void>((done) => process.stdout.write(text, () => done()));
}
