/** History on one host: the last hour of one address among 50 million events, and what they take. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ClickHouseClient } from '@clickhouse/client';
import { parseFilter } from '../src/filter/filter.ts';
import { openChdb } from '../src/store/chdb.ts';
import { DATABASE } from '../src/store/ddl.ts';
import type { History, PageQuestion } from '../src/store/history.ts';
import { openHistory } from '../src/store/open-history.ts';
import { onEnd } from './proc.ts';
import { number, type Options, percentile, type Section, verdict } from './report.ts';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const EVENTS = 50_000_000;
const QUICK_EVENTS = 2_000_000;
/** Inserted at once. */
const CHUNK = 250_000;
const HOURS = 24;
/** Addresses that this host talks to; the first ones much more than the last. */
const PEERS = 20_000;
const QUESTIONS = 200;
const GOAL_MS = 200;
/** Merges are over when none ran for so long. */
const QUIET_S = 10;

export async function store({ quick, runs, log }: Options): Promise<Section> {
  const events = quick ? QUICK_EVENTS : EVENTS;
  const directory = mkdtempSync(join(tmpdir(), 'packetwatch-bench-'));
  const remove = onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const { bytes, seconds, nowUs } = await fill(directory, events, log);
  const { history, close } = await openHistory(directory, MAIN, log);
  const asked = await ask(history, nowUs, runs ?? QUESTIONS, log);
  await close();
  await remove();
  return {
    title: 'History: one address among 50 million events',
    method: [
      `${number(events / 1e6)} million events of ${number(events / 3e6, 1)} million connections within ${HOURS} h, evenly, with ${PEERS} addresses of which the first ones come much more often (the cube of a random number), made in chDB itself from numbers(), and merged before the first question.`,
      'Each question goes the way of `packetwatch query` without a running program: to the process that has the store and back, as objects; 100 connections at most, newest first.',
      `Addresses are drawn as the traffic has them; nothing is warmed up but by the questions before; ${runs ?? QUESTIONS} questions of each kind.`,
    ],
    tables: [
      {
        title: 'Time of an answer, ms',
        columns: ['question', 'median', 'p95', 'most', 'connections', 'goal', ''],
        rows: asked.map(({ name, ms, found, goal }) => [
          name,
          number(percentile(ms, 0.5)),
          number(percentile(ms, 0.95)),
          number(Math.max(...ms)),
          number(found),
          goal === undefined ? '' : `p95 < ${goal}`,
          goal === undefined ? '' : verdict(percentile(ms, 0.95), { atMost: goal }),
        ]),
        notes: [
          `On disk ${number(bytes / events, 1)} bytes an event; made and inserted at ${number(events / seconds / 1000)} thousand a second.`,
        ],
      },
    ],
    skipped: [],
  };
}

interface Asked {
  readonly name: string;
  readonly ms: readonly number[];
  /** In the median answer. */
  readonly found: number;
  readonly goal?: number;
}

async function ask(
  history: History,
  nowUs: number,
  times: number,
  log: Options['log'],
): Promise<Asked[]> {
  const hour = (filter: string): PageQuestion => ({
    filter: filter === '' ? undefined : parseFilter(filter),
    sinceUs: nowUs - 3600e6,
    untilUs: undefined,
    limit: 100,
    cursor: undefined,
  });
  const kinds: readonly [string, () => PageQuestion, number?][] = [
    ['one address, last hour', () => hour(`host ${peer()}`), GOAL_MS],
    [
      'one address, its connections to port 22, last hour',
      () => hour(`src host ${peer()} and dst port 22`),
    ],
    ['one address, all of it', () => ({ ...hour(`host ${peer()}`), sinceUs: undefined })],
    ['the newest 100', () => hour('')],
  ];
  const all: Asked[] = [];
  for (const [name, question, goal] of kinds) {
    const ms: number[] = [];
    const found: number[] = [];
    for (let i = 0; i < times; i++) {
      const asked = question();
      const from = performance.now();
      const { connections } = await history.connections(asked);
      ms.push(performance.now() - from);
      found.push(connections.length);
    }
    log(
      `${name}: median ${number(percentile(ms, 0.5))} ms, p95 ${number(percentile(ms, 0.95))} ms`,
    );
    all.push({ name, ms, found: percentile(found, 0.5), ...(goal === undefined ? {} : { goal }) });
  }
  return all;
}

let drawn = 1;

/** An address as the traffic has them; the same ones in every run. */
function peer(): string {
  drawn = (Math.imul(drawn, 1_664_525) + 1_013_904_223) >>> 0;
  const n = Math.floor(PEERS * (drawn / 2 ** 32) ** 3);
  return `10.0.${n >> 8}.${n & 255}`;
}

async function fill(directory: string, events: number, log: Options['log']) {
  const { client, close } = await openChdb(directory, true);
  const nowUs = Date.now() * 1000;
  const from = performance.now();
  for (let done = 0; done < events; done += CHUNK) {
    await client.command({ query: insert(done, Math.min(CHUNK, events - done), events, nowUs) });
    if (done % (20 * CHUNK) === 0) log(`${done / 1e6} million events`);
  }
  const seconds = (performance.now() - from) / 1000;
  log('waiting for merges');
  await merged(client);
  const bytes = await sizeOf(client);
  await close();
  return { bytes, seconds, nowUs };
}

/** Events of a day are merged as they come, and not while the questions are asked. */
async function merged(client: ClickHouseClient): Promise<void> {
  for (let quiet = 0; quiet < QUIET_S; quiet++) {
    await pause(1000);
    const result = await client.query({
      query: 'select count() as merges from system.merges',
      format: 'JSONEachRow',
    });
    if ((await result.json<{ merges: number }>())[0]!.merges > 0) quiet = -1;
  }
}

async function sizeOf(client: ClickHouseClient): Promise<number> {
  const result = await client.query({
    query: `select sum(bytes_on_disk) as bytes from system.parts where database = '${DATABASE}' and active`,
    format: 'JSONEachRow',
  });
  return (await result.json<{ bytes: number }>())[0]!.bytes;
}

/** An attempt, an open and a close of each connection; two of three came in, one went out. */
function insert(done: number, count: number, events: number, nowUs: number): string {
  const stepUs = (HOURS * 3600e6) / events;
  const own = `toIPv6('192.0.2.10')`;
  return `insert into ${DATABASE}.connections
    (ts, event, key, src_ip, src_port, dst_ip, dst_port, proto, iface, direction, community_id, pid, process,
     process_from, uid, host, outcome, start_ts, duration_s, orig_bytes, resp_bytes, conn_state, rtt_us, retransmits)
    with intDiv(number, 3) as c, number % 3 as e, intHash64(c) as r, intHash64(c + 1000000000000) as q, e = 2 as over,
      c % 3 < 2 as inward, toIPv6(toIPv4(toUInt32(167772160 + floor(${PEERS} * pow((r % 1000000) / 1e6, 3))))) as peer,
      fromUnixTimestamp64Micro(toInt64(${nowUs} - ${HOURS * 3600e6} + number * ${stepUs})) as at
    select at, toInt8([0, 1, 5][e + 1]), r, if(inward, peer, ${own}), 1024 + q % 60000, if(inward, ${own}, peer),
      [443, 80, 22, 5432, 53, 8080][1 + q % 6], 'tcp', 'eth0', if(inward, 'inbound', 'outbound'),
      concat('1:', substring(base64Encode(SHA1(toString(c))), 1, 28)), 1000 + q % 50,
      ['nginx', 'sshd', 'postgres', 'curl'][1 + q % 4], if(inward, 'accept', 'connect'), q % 5, 'here',
      if(over, 'ok', ''), if(e > 0, at, null), if(over, (q % 10000) / 1e6, null), if(over, q % 5000, null),
      if(over, r % 100000, null), if(over, 'SF', ''), if(over, 100 + q % 20000, null), if(over, 0, null)
    from numbers(${done}, ${count})`;
}
