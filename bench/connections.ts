/** Row connections: is every short connection logged, and at what cost to the machine? */
import { statSync } from 'node:fs';
import { type Logger, LOGGERS, type Seen } from './loggers.ts';
import { missingPackages } from './needs.ts';
import { ready } from './packetwatch.ts';
import { cpuSeconds, machineBusySeconds, peakRssMb, text, until } from './proc.ts';
import { median, number, type Options, type Section, type Table, verdict } from './report.ts';
import { CLIENT, CLIENTS, FIRST_PORT, helper, PORTS, Rig, VICTIM, workFolder } from './rig.ts';
import { Counts, opened } from './tuples.ts';

type Closer = 'client' | 'server';

/** Connections in flight at most; the machine's maximum is reached well below. */
const PARALLEL = 64;

/** Rates per second; 0 is as fast as the machine goes. */
const RATES = [1000, 10_000, 0] as const;

interface Load {
  readonly started: number;
  readonly perSecond: number;
  readonly repeated: number;
  readonly machineS: number;
}

interface Measured extends Load {
  readonly cpuPer100k: number;
  readonly rssMb: number;
  readonly loggedPct: number;
  readonly twice: number;
  readonly outcomePct: number;
  readonly processPct: number;
}

/** One load on new namespaces, with a logger or without. */
async function measure(
  logger: Logger | undefined,
  rate: number,
  closer: Closer,
  seconds: number,
): Promise<Load | Measured> {
  const folder = workFolder('connections');
  const rig = await new Rig().up();
  try {
    const server = await rig.serve(folder, closer, `${FIRST_PORT}-${FIRST_PORT + PORTS - 1}`);
    const logging = await logger?.start(rig, folder);
    const pids = logging?.pids ?? [];
    const cpu = cpuSeconds(pids);
    const busy = machineBusySeconds();
    const log = `${folder}/opened.bin`;
    const argv = [
      CLIENT,
      CLIENTS,
      VICTIM[4],
      FIRST_PORT,
      PORTS,
      rate,
      seconds,
      PARALLEL,
      closer,
      log,
    ].map(String);
    const totals = await rig.must('attacker', [await helper('loadgen'), ...argv]);
    const machineS = machineBusySeconds() - busy;
    const all = opened(log);
    const truth = new Counts();
    for (const one of all) truth.add(one.key);
    const load: Load = {
      started: all.length,
      perSecond: Number(/rate=([\d.]+)/.exec(totals)?.[1]),
      repeated: truth.total - truth.distinct,
      machineS,
    };
    if (logger === undefined || logging === undefined) {
      await server.stop();
      return load;
    }
    await settled(logging.log);
    const used = cpuSeconds(pids) - cpu;
    const rssMb = peakRssMb(pids);
    await logging.stop();
    await server.stop();
    return {
      ...load,
      rssMb,
      cpuPer100k: (used / all.length) * 1e5,
      ...completeness(truth, await logger.read(logging.log)),
    };
  } finally {
    await rig.down();
  }
}

/** Waits until a log has not grown for a while: the slowest reporter here looks once a second. */
async function settled(log: string): Promise<void> {
  const size = (): number => statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  let last = -1;
  let since = Date.now();
  await until(
    () => {
      if (size() !== last) since = Date.now();
      last = size();
      return Date.now() - since > 1300;
    },
    20,
    100,
  );
}

function completeness(
  truth: Counts,
  seen: Seen,
): Pick<Measured, 'loggedPct' | 'twice' | 'outcomePct' | 'processPct'> {
  const percent = (counts: Counts | undefined): number =>
    counts === undefined ? Number.NaN : (100 * truth.matched(counts)) / truth.total;
  return {
    loggedPct: percent(seen.attempts),
    twice: seen.attempts.total - truth.matched(seen.attempts),
    outcomePct: percent(seen.outcomes),
    processPct: percent(seen.processes),
  };
}

/** Never rounded up to 100: one connection missed must show. */
function percentText(value: number): string {
  return Number.isFinite(value)
    ? value === 100
      ? '100'
      : (Math.floor(value * 1000) / 1000).toFixed(3)
    : '-';
}

/** All loggers at one rate; at the machine's maximum each run lies between two runs without a tool. */
async function table(
  loggers: readonly Logger[],
  rate: number,
  closer: Closer,
  options: Options,
): Promise<Table> {
  const seconds = options.quick ? 2 : rate === 0 ? 4 : 5;
  const rounds = options.runs ?? (options.quick || rate > 0 ? 1 : 3);
  const results = new Map<Logger, Measured[]>(loggers.map((logger) => [logger, []]));
  const ratios = new Map<Logger, number[]>(loggers.map((logger) => [logger, []]));
  const bases: number[] = [];
  for (let round = 0; round < rounds; round++) {
    let before = (await measure(undefined, rate, closer, seconds)).perSecond;
    bases.push(before);
    for (const logger of loggers) {
      const result = (await measure(logger, rate, closer, seconds)) as Measured;
      const after =
        rate === 0 ? (await measure(undefined, rate, closer, seconds)).perSecond : before;
      results.get(logger)!.push(result);
      ratios.get(logger)!.push(result.perSecond / ((before + after) / 2));
      bases.push(after);
      before = after;
    }
  }
  const name = `${rate === 0 ? 'as fast as the machine goes' : `${rate} connections/s`}, the ${closer} closes first`;
  const rows = [['none', number(median(bases)), '1', '-', '-', '-', '-', '-', '-', '']];
  for (const logger of loggers) {
    const all = results.get(logger)!;
    const of = (pick: (one: Measured) => number): number => median(all.map(pick));
    const least = (pick: (one: Measured) => number): number => Math.min(...all.map(pick));
    const ratio = median(ratios.get(logger)!);
    rows.push([
      logger.name,
      number(of((one) => one.perSecond)),
      number(ratio, 3),
      percentText(least((one) => one.loggedPct)),
      percentText(least((one) => one.outcomePct)),
      percentText(least((one) => one.processPct)),
      number(Math.max(...all.map((one) => one.twice))),
      number(
        of((one) => one.cpuPer100k),
        2,
      ),
      number(of((one) => one.rssMb)),
      logger.ours === true ? goals(logger, least, of, ratio, rate) : '',
    ]);
    options.log(`${name}: ${rows.at(-1)!.join(' | ')}`);
  }
  return {
    title: name,
    columns: [
      'tool',
      'connections/s',
      'against none',
      'logged %',
      'with outcome %',
      'with process %',
      'lines too many',
      'CPU s per 100k',
      'RSS MB',
      'goal',
    ],
    rows,
  };
}

type Pick = (one: Measured) => number;

function goals(
  logger: Logger,
  least: (pick: Pick) => number,
  of: (pick: Pick) => number,
  ratio: number,
  rate: number,
): string {
  const complete = Math.min(
    least((one) => one.loggedPct),
    least((one) => one.outcomePct),
    least((one) => one.processPct),
  );
  const parts = [`all logged: ${verdict(complete, { exactly: 100 })}`];
  if (logger.name.endsWith('text'))
    parts.push(
      `CPU at most 0.4: ${verdict(
        of((one) => one.cpuPer100k),
        { atMost: 0.4 },
      )}`,
    );
  if (rate === 0) parts.push(`rate at least 0.97: ${verdict(ratio, { atLeast: 0.97 })}`);
  return parts.join('; ');
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
    for (const closer of ['client', 'server'] as const)
      tables.push(await table(loggers, rate, closer, options));
  }
  return {
    title: 'Connection log: short TCP connections',
    method: [
      `The load generator opens connections from ${CLIENTS} addresses to ${PORTS} ports over a veth pair and keeps every 5-tuple with its result; a tool's log is compared with that, tuple by tuple.`,
      'Percentages are the worst run, rates and CPU the median.',
      'CPU is user and system time of the tool and its children from the start of the load until its log stopped growing; start-up is not in it, work done in softirq context is in the connection rate.',
      'At the maximum each run lies between two runs without a tool, and the ratio is the median of these pairs.',
    ],
    tables,
    skipped,
  };
}
