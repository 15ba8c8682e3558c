/** One load of short connections on new namespaces, with a logger or without, and how complete its log was. */
import { statSync } from 'node:fs';
import type { Logger, Seen } from './loggers.ts';
import { cpuSeconds, peakRssMb, until } from './proc.ts';
import { CLIENT, CLIENTS, FIRST_PORT, helper, PORTS, Rig, VICTIM, workFolder } from './rig.ts';
import { Counts, opened, Result } from './tuples.ts';

export type Closer = 'client' | 'server';

/** Connections in flight at most; the machine's maximum is reached well below. */
const PARALLEL = 64;
/** A log is whole when it has not grown for this long: the slowest reporter here looks once a second. */
const QUIET_MS = 1300;

export interface Load {
  readonly started: number;
  readonly perSecond: number;
  /** Connections whose 5-tuple had been used before in this load. */
  readonly repeated: number;
  /** Connections that the generator could not open and close. */
  readonly failed: number;
}

/** A load while a logger was at work. */
export interface LoggedLoad extends Load {
  readonly cpuPer100k: number;
  readonly rssMb: number;
  readonly loggedPct: number;
  /** Connections that were reported more often than they were opened. */
  readonly tooMany: number;
  readonly outcomePct: number;
  readonly processPct: number;
}

/** @param rate connections per second, 0: as fast as the machine goes */
export async function load(rate: number, closer: Closer, seconds: number): Promise<Load> {
  return onRig(
    closer,
    async (rig, folder) => (await generate(rig, folder, rate, closer, seconds)).load,
  );
}

export async function loggedLoad(
  logger: Logger,
  rate: number,
  closer: Closer,
  seconds: number,
): Promise<LoggedLoad> {
  return onRig(closer, async (rig, folder) => {
    const logging = await logger.start(rig, folder);
    try {
      const cpu = cpuSeconds(logging.pids);
      const { load: made, truth } = await generate(rig, folder, rate, closer, seconds);
      await settled(logging.log);
      const used = cpuSeconds(logging.pids) - cpu;
      const rssMb = peakRssMb(logging.pids);
      await logging.stop();
      const complete = completeness(truth, await logger.read(logging.log));
      return { ...made, ...complete, rssMb, cpuPer100k: (used / made.started) * 1e5 };
    } finally {
      await logging.stop();
    }
  });
}

export async function onRig<T>(
  closer: Closer,
  work: (rig: Rig, folder: string) => Promise<T>,
): Promise<T> {
  const folder = workFolder('connections');
  const rig = await new Rig().up();
  try {
    const server = await rig.serve(folder, closer, `${FIRST_PORT}-${FIRST_PORT + PORTS - 1}`);
    try {
      return await work(rig, folder);
    } finally {
      await server.stop();
    }
  } finally {
    await rig.down();
  }
}

export async function generate(
  rig: Rig,
  folder: string,
  rate: number,
  closer: Closer,
  seconds: number,
): Promise<{ load: Load; truth: Counts }> {
  const log = `${folder}/opened.bin`;
  const sources = [CLIENT, CLIENTS, VICTIM[4], FIRST_PORT, PORTS];
  const argv = [...sources, rate, seconds, PARALLEL, closer, log].map(String);
  const options = { timeoutS: seconds + 60 };
  const totals = await rig.must('attacker', [await helper('loadgen'), ...argv], options);
  const all = opened(log);
  const truth = new Counts();
  for (const one of all) truth.add(one.key);
  return {
    truth,
    load: {
      started: all.length,
      perSecond: Number(/rate=([\d.]+)/.exec(totals)?.[1]),
      repeated: truth.total - truth.distinct,
      failed: all.filter((one) => one.result !== Result.OK).length,
    },
  };
}

async function settled(log: string): Promise<void> {
  let last = -1;
  let since = Date.now();
  const isQuiet = (): boolean => {
    const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    if (size !== last) since = Date.now();
    last = size;
    return Date.now() - since > QUIET_MS;
  };
  await until(isQuiet, 20, 100);
}

function completeness(
  truth: Counts,
  seen: Seen,
): Pick<LoggedLoad, 'loggedPct' | 'tooMany' | 'outcomePct' | 'processPct'> {
  const percent = (counts: Counts | undefined): number =>
    counts === undefined ? Number.NaN : (100 * truth.matched(counts)) / truth.total;
  return {
    loggedPct: percent(seen.attempts),
    tooMany: seen.attempts.total - truth.matched(seen.attempts),
    outcomePct: percent(seen.outcomes),
    processPct: percent(seen.processes),
  };
}
