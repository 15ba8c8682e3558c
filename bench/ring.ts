/** Row ring: how many events a second go from the kernel's ring to counters and to JSON lines, on one core, without a loss. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { FLOW_DEFAULTS } from '../src/flow/flow.ts';
import { guardMissing } from './guard.ts';
import { onEnd, stopPid } from './proc.ts';
import { answered, type Producer, unanswered } from './producers.ts';
import { number, type Options, type Section, type Table, verdict } from './report.ts';
import type { Consumed } from './ring-consumer.ts';
import { workFolder } from './rig.ts';

type Mode = 'bare' | 'counted' | 'json';

interface Trial extends Consumed {
  readonly offered: number;
  readonly lost: number;
  /** Events a second that were offered in fact. */
  readonly rate: number;
}

/** One consumer on one core against one rate. */
async function trial(
  producer: Producer,
  mode: Mode,
  perSecond: number,
  seconds: number,
): Promise<Trial> {
  const file = `${workFolder('ring')}/events.json`;
  const script = fileURLToPath(new URL('ring-consumer.ts', import.meta.url));
  const core = String(cpus().length - 1);
  const child = spawn(
    'taskset',
    ['-c', core, process.execPath, '--import', 'tsx', script, mode, file],
    {
      stdio: ['pipe', 'pipe', 'inherit', producer.ring],
    },
  );
  const end = onEnd(() => stopPid(child.pid!));
  let output = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.includes('ready\n')) resolve();
    });
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  await Promise.race([ready, closed]);
  const began = performance.now();
  const { offered, lost } = await producer.produce(perSecond, seconds);
  const rate = offered / ((performance.now() - began) / 1000);
  child.stdin!.end();
  const code = await closed;
  await end();
  rmSync(file, { force: true });
  if (code !== 0) throw new Error(`the consumer ended with code ${code}`);
  const consumed = JSON.parse(output.slice(output.indexOf('{'))) as Consumed;
  return { ...consumed, offered, lost, rate };
}

/** Is every event that was offered accounted for and none lost? */
function whole(one: Trial): boolean {
  return one.lost === 0 && one.linesLost === 0 && one.records === one.offered;
}

const NAMES: Readonly<Record<Mode, string>> = {
  bare: 'read from the ring',
  counted: 'joined and counted',
  json: 'JSON lines in a file',
};

/** What is tried, slowest first, and at which rate the goal lies. */
interface Plan {
  readonly mode: Mode;
  readonly rates: readonly number[];
  readonly goal?: number;
}

const ANSWERED: readonly Plan[] = [
  { mode: 'bare', rates: [1e6, 2e6, 3e6] },
  { mode: 'counted', rates: [500e3, 1e6, 1.5e6, 2e6], goal: 1e6 },
  { mode: 'json', rates: [200e3, 400e3, 600e3], goal: 400e3 },
];
/** As shipped the kernel sums attempts above 100,000/s, so that faster ones never come one by one. */
const UNANSWERED: readonly Plan[] = [
  { mode: 'counted', rates: [100e3, 500e3] },
  { mode: 'json', rates: [100e3, 200e3] },
];

async function table(
  producer: Producer,
  plans: readonly Plan[],
  seconds: number,
  options: Options,
): Promise<Table> {
  const rows: string[][] = [];
  for (const { mode, rates, goal } of plans) {
    for (const perSecond of rates) {
      const one = await trial(producer, mode, perSecond, seconds);
      const held = whole(one) && one.rate > 0.97 * perSecond;
      rows.push([
        NAMES[mode],
        number(perSecond),
        number(one.rate),
        number(one.offered),
        number(one.lost),
        number(one.lines),
        number(one.linesLost),
        number(one.evicted),
        number((one.cpuS / one.records) * 1e9),
        perSecond === goal ? `no loss: ${verdict(held ? 1 : 0, { exactly: 1 })}` : '',
      ]);
      options.log(`ring: ${rows.at(-1)!.join(' | ')}`);
      if (!held && perSecond >= (goal ?? 0)) break; // faster can only lose more
    }
  }
  return { title: `Events per second: ${producer.name}`, columns: COLUMNS, rows };
}

const COLUMNS = [
  'to',
  'asked for',
  'events/s',
  'events',
  'lost in the ring',
  'lines',
  'lines lost',
  'let go',
  'CPU ns per event',
  'goal',
];

export async function ring(options: Options): Promise<Section> {
  const title = 'From the ring to counters and lines, on one core';
  const noCore = cpus().length < 2 ? 'one core is for the producer, so two are needed' : undefined;
  const notReady = guardMissing() ?? noCore;
  if (notReady !== undefined)
    return { title, method: [], tables: [], skipped: [`packetwatch: ${notReady}`] };
  const seconds = options.quick ? 2 : 5;
  const tables: Table[] = [];
  for (const [make, plans] of [
    [answered, ANSWERED],
    [unanswered, UNANSWERED],
  ] as const) {
    const producer = await make();
    try {
      tables.push(await table(producer, plans, seconds, options));
    } finally {
      await producer.stop();
    }
  }
  return {
    title,
    method: [
      `A program in the kernel writes records into the ring on one core; a process held on another core reads them as the program does, ${seconds} s for each rate.`,
      `Joining follows ${FLOW_DEFAULTS.maxConnections.toLocaleString('en')} connections, and attempts without an answer, which stay for 3 s each, in half of that; what has no room is let go and counted.`,
    ],
    tables,
    skipped: [],
  };
}
