import { Command, Option } from 'commander';
import { resolve } from 'node:path';
import { ask } from '../agent/ask.ts';
import { runningHistory } from '../agent/ask-history.ts';
import type { Status } from '../agent/status.ts';
import { parseFilter } from '../filter/filter.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import type { JsonConnection } from '../model/json.ts';
import { openHistory, type OpenHistory } from '../store/open-history.ts';
import { MAX_PAGE } from '../store/history.ts';
import { csv } from './csv.ts';
import { integer, moment } from './parse.ts';
import { connectionTable } from './query-table.ts';
import { tell } from './tell.ts';

interface Options {
  since?: number;
  until?: number;
  limit: number;
  output: 'table' | 'json' | 'csv';
  store?: string;
}

/** `packetwatch query`. */
export function queryCommand(): Command {
  return new Command('query')
    .description('connections that `watch --store` has kept, each by its last event, newest first')
    .argument('[filter...]', 'only those of these addresses and ports, as in tcpdump')
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
and, or, not and parentheses; src is who began. JSON has the objects of \`watch -o json\`, one a line.
CSV (RFC 4180) has a column for each of their fields; a text that a spreadsheet would take for a formula
has a ' before it. While \`watch --store\` runs it alone has the directory, and answers for it.

  packetwatch query --since 1h host 192.0.2.7
  packetwatch query --since 2026-04-28T15:00:00Z --until 2026-04-28T16:00:00Z 'dst port 443 and not net 10/8'
  packetwatch query --since 1d -o json --limit 1000000 | jq -r 'select(.outcome=="refused") | .src_ip' | sort | uniq -c
  packetwatch query -o csv --store /var/lib/packetwatch/store port 22 > ssh.csv`,
    )
    .action(async (words: string[], options: Options) => {
      const filter = words.length > 0 ? parseFilter(words.join(' ')) : undefined;
      const opened = await historyOf(options.store);
      try {
        await print(opened, { filter, sinceUs: options.since, untilUs: options.until }, options);
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
  { history }: OpenHistory,
  asked: Omit<Parameters<OpenHistory['history']['connections']>[0], 'limit' | 'cursor'>,
  { limit, output }: Options,
): Promise<void> {
  let left = limit;
  let cursor: string | undefined;
  let isFirst = true;
  do {
    const { connections, more } = await history.connections({
      ...asked,
      limit: Math.min(left, MAX_PAGE),
      cursor,
    });
    left -= connections.length;
    cursor = more ?? undefined;
    await write(textOf(output, connections, isFirst));
    isFirst = false;
  } while (cursor !== undefined && left > 0);
  if (cursor !== undefined) tell(`there are more than ${limit}: --limit tells more of them`);
}

function textOf(
  output: Options['output'],
  connections: readonly JsonConnection[],
  isFirst: boolean,
): string {
  if (output === 'csv') return csv(connections, isFirst);
  if (output === 'table') return connectionTable(connections, isFirst);
  return connections.map((connection) => `${JSON.stringify(connection)}\n`).join('');
}

/** Waits for a reader that is slow: pages may be many. */
async function write(text: string): Promise<void> {
  await new Promise<void>((done) => process.stdout.write(text, () => done()));
}
