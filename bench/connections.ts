/** Row connections: is every short connection logged, and at what cost to the machine? */
import { type Closer, type Load, load, type LoggedLoad, loggedLoad } from './load.ts';
import { type Logger, LOGGERS } from './loggers.ts';
import { missingPackages } from './needs.ts';
import { ready } from './packetwatch.ts';
import { median, number, type Options, type Section, type Table, verdict } from './report.ts';
import { CLIENTS, PORTS } from './rig.ts';

/** Rates per second; 0 is as fast as the machine goes. */
const RATES = [1000, 10_000, 0] as const;

const COLUMNS = [
  'tool',
  'connections/s',
  'against none',
  'logged %',
  'with outcome %',
  'with process %',
  'too many',
  'CPU s per 100k',
  'RSS MB',
  'goal',
];

/** All runs of one logger at one rate. */
interface Runs {
  readonly loads: LoggedLoad[];
  /** Connection rate against the runs without a tool before and after; at a fixed rate against that. */
  readonly ratios: number[];
}

/** All loggers at one rate; at the machine's maximum each run lies between two runs without a tool. */
async function gather(
  loggers: Logger[],
  rate: number,
  closer: Closer,
  options: Options,
  skipped: string[],
): Promise<{ none: Load[]; of: Map<Logger, Runs> }> {
  // 100,000 connections at 10k/s: what the CPU seconds are quoted for, the start of the JIT compiler included
  const seconds = rate === 10_000 ? 10 : options.quick ? 3 : 5;
  const rounds = options.runs ?? (options.quick || rate > 0 ? 1 : 3);
  const none: Load[] = [];
  const of = new Map<Logger, Runs>(loggers.map((logger) => [logger, { loads: [], ratios: [] }]));
  for (let round = 0; round < rounds; round++) {
    let before = await load(rate, closer, seconds);
    none.push(before);
    const here = loggers.slice(); // the list shrinks when one does not start
    for (const logger of here) {
      let one: LoggedLoad;
      try {
        one = await twice(() => loggedLoad(logger, rate, closer, seconds));
      } catch (error) {
        skipped.push(`${logger.name}: ${(error as Error).message.split('\n')[0]}`);
        loggers.splice(loggers.indexOf(logger), 1);
        continue;
      }
      const after = rate === 0 ? await load(rate, closer, seconds) : before;
      if (rate === 0) none.push(after);
      of.get(logger)!.loads.push(one);
      const base = rate === 0 ? (before.perSecond + after.perSecond) / 2 : rate;
      of.get(logger)!.ratios.push(one.perSecond / base);
      before = after;
    }
  }
  return { none, of };
}

/** A second try: a start can fail on a machine that has other work. */
async function twice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch {
    return work();
  }
}

async function table(
  loggers: Logger[],
  rate: number,
  closer: Closer,
  options: Options,
  skipped: string[],
): Promise<Table> {
  const { none, of } = await gather(loggers, rate, closer, options, skipped);
  const pace = rate === 0 ? 'as fast as the machine goes' : `${rate} connections/s`;
  const title = `${pace}, the ${closer} closes first`;
  const rows = [['none', number(median(none.map((one) => one.perSecond))), '1']];
  for (const logger of loggers) {
    const row = rowOf(logger, rate, of.get(logger)!);
    rows.push(row);
    options.log(`${title}: ${row.join(' | ')}`);
  }
  const all = [...none, ...[...of.values()].flatMap((runs) => runs.loads)];
  const sum = (pick: (one: Load) => number): number =>
    all.reduce((total, one) => total + pick(one), 0);
  const opened = sum((one) => one.started);
  const note = `${opened} connections in all runs together, ${sum((one) => one.repeated)} of them with a 5-tuple used before, ${sum((one) => one.failed)} failed.`;
  return { title, columns: COLUMNS, rows, notes: [note] };
}

function rowOf(logger: Logger, rate: number, { loads, ratios }: Runs): string[] {
  const middle = (pick: (one: LoggedLoad) => number): number => median(loads.map(pick));
  const least = (pick: (one: LoggedLoad) => number): number => Math.min(...loads.map(pick));
  const logged = least((one) => one.loggedPct);
  const outcome = least((one) => one.outcomePct);
  const named = least((one) => one.processPct);
  const tooMany = Math.max(...loads.map((one) => one.tooMany));
  const cpu = middle((one) => one.cpuPer100k);
  const ratio = median(ratios);
  const goals: string[] = [];
  if (logger.ours === true) {
    const told = [logged, outcome, named].filter((percent) => !Number.isNaN(percent));
    const whole = tooMany > 0 ? 0 : Math.min(...told);
    goals.push(`all logged, once: ${verdict(whole, { exactly: 100 })}`);
    if (logger.cpuGoal !== undefined) {
      goals.push(`CPU at most ${logger.cpuGoal}: ${verdict(cpu, { atMost: logger.cpuGoal })}`);
    }
    if (rate === 0) goals.push(`rate at least 0.97: ${verdict(ratio, { atLeast: 0.97 })}`);
  }
  return [
    logger.name,
    number(middle((one) => one.perSecond)),
    number(ratio, 3),
    percentText(logged),
    percentText(outcome),
    percentText(named),
    number(tooMany),
    number(cpu, 2),
    number(middle((one) => one.rssMb)),
    goals.join('; '),
  ];
}

/** Never rounded up to 100: one connection missed must show. */
function percentText(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value === 100 ? '100' : (Math.floor(value * 1000) / 1000).toFixed(3);
}

export async function connections(options: Options): Promise<Section> {
  const skipped: string[] = [];
  const notReady = await ready();
  if (notReady !== undefined) skipped.push(`packetwatch: ${notReady}`);
  const loggers: Logger[] = [];
  for (const logger of LOGGERS) {
    const missing = await missingPackages(logger.needs);
    if (missing.length > 0) skipped.push(`${logger.name}: install ${missing.join(' ')}`);
    else if (logger.ours !== true || notReady === undefined) loggers.push(logger);
  }
  const tables: Table[] = [];
  for (const rate of RATES) {
    for (const closer of ['client', 'server'] as const) {
      if (
        options.quick &&
        !(rate === 10_000 && closer === 'client') &&
        !(rate === 0 && closer === 'server')
      )
        continue;
      tables.push(await table(loggers, rate, closer, options, skipped));
    }
  }
  return {
    title: 'Connection log: short TCP connections',
    method: [
      `The load generator opens connections from ${CLIENTS} addresses to ${PORTS} ports over a veth pair and keeps every 5-tuple with its result; a tool's log is compared with that, tuple by tuple.`,
      'Percentages and reports too many are the worst run, the rest is the median.',
      'CPU is user and system time of the tool and its children from the start of the load until its log stopped growing; start-up is not in it, work done in softirq context shows in the connection rate.',
      'At the maximum each run lies between two runs without a tool, and the ratio is the median of these pairs; at a fixed rate the ratio is against that rate.',
    ],
    tables,
    skipped,
  };
}
