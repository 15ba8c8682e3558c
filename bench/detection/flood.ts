/** A scan inside a flood of spoofed SYNs, and what attempts from many sources cost in user space. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { missingPackages } from '../needs.ts';
import { ready } from '../packetwatch.ts';
import { cpuSeconds, peakRssMb, run, type Started, text, until } from '../proc.ts';
import { number, type Options, verdict } from '../report.ts';
import { ATTACKER, CLIENT, helper, type Rig, VICTIM, VICTIM_IF } from '../rig.ts';
import type { Part, Row, Rows } from './rows.ts';
import { Victim } from './victim.ts';

const RULES = ['weighted', 'reference'] as const;

/** Of the scanner, and of each source that crosses the threshold as well. */
const PROBES_PER_S = 10;
const CROSSING = 200;
const FLOOD_PER_S = 520_000;
const TALKERS = 50;
const TALK_PORT = 7000;
/** What a firewall behind the guard drops, so that the stack's own work doesn't limit the flood. */
const FLOODED_PORT = 443;

const flood: Part = {
  name: 'flood',
  title: 'A scan inside a flood',
  method: [
    `${PROBES_PER_S} probes a second from one source, and as many from each of ${CROSSING} further ones, inside SYNs from random addresses to one port, ${FLOOD_PER_S} a second from two CPUs as far as the machine can; 10 s against \`watch --block\` with text lines to a file.`,
    'The flooded port is dropped by a firewall behind the guard, as the stack itself would be the limit otherwise.',
    `${TALKERS} connections exchange data every 100 ms all the while, and are closed after.`,
    'Through: probes of the scanner that reached the last input hook. Lost verdicts: records that the ring had no place for. Evicted: sources that the table forgot in their window.',
  ],
  columns: [
    'rule',
    'SYN/s',
    'scanner',
    'through',
    `found of ${CROSSING}`,
    'lost verdicts',
    `told whole of ${TALKERS}`,
    'rounds',
    'evicted',
    'user-space CPU s',
  ],
  rows: [...RULES],
  summary(rows) {
    const worst = (name: string): number =>
      Math.max(...rows.map(({ figures }) => figures[name] ?? Number.NaN));
    return [
      `Goals: 500,000 SYN/s (${verdict(-worst('slowness'), { atLeast: 500_000 })}), at most 8 probes through (${verdict(worst('through'), { atMost: 8 })}), no verdict lost (${verdict(worst('lost'), { exactly: 0 })}), no close of a connection lost (${verdict(worst('untold'), { exactly: 0 })}).`,
    ];
  },
};

const load: Part = {
  name: 'load',
  title: 'Attempts from 50,000 sources',
  method: [
    '100,000 attempts a second, half of them on each of two CPUs, from 50,000 sources in turns, each for one closed port; 10 s, `--rule weighted -o text` to a file.',
    'Goal: under one core in user space, and nothing lost.',
  ],
  columns: [
    'attempts/s',
    'one by one',
    'summed',
    'lost',
    'evicted',
    'CPU, cores',
    'peak RSS MB',
    'goal',
  ],
  rows: ['text'],
  summary: () => [],
};

export const FLOOD_PARTS: readonly Part[] = [flood, load];

export async function byFlood(rows: Rows, { quick, log }: Options): Promise<string[]> {
  const missing = await missingPackages({ ethtool: 'ethtool', clang: 'clang' });
  if (missing.length > 0) return [`floods: install ${missing.join(' ')}`];
  const notReady = await ready();
  if (notReady !== undefined) return [`floods: ${notReady}`];
  const seconds = quick ? 5 : 10;
  for (const rule of RULES) {
    const row = await scanInFlood(rule, seconds);
    rows.put(flood, rule, row);
    log(row.cells.join(' | '));
  }
  const row = await manySources(seconds);
  rows.put(load, 'text', row);
  log(row.cells.join(' | '));
  return [];
}

const RULESET = `table inet pwcount {
  counter through { }
  chain c { type filter hook input priority 2147483000; policy accept;
    ip saddr ${ATTACKER[4]} tcp flags & (fin | syn | rst | ack) == syn counter name through
  }
}
table netdev pwcount {
  chain c { type filter hook ingress device ${VICTIM_IF} priority 0; policy accept;
    tcp dport ${FLOODED_PORT} drop
  }
}
`;

async function scanInFlood(rule: string, seconds: number): Promise<Row> {
  const synflood = await helper('synflood');
  const before = (rig: Rig): Promise<unknown> => rig.nft('victim', RULESET);
  return Victim.with(['--rule', rule, '--block', '-o', 'text'], before, async (victim) => {
    const { rig } = victim;
    const talkers = await talk(victim);
    const scan = (from: string, sources: number): Promise<string> =>
      rig.must('attacker', [
        synflood,
        `${from}+${sources}`,
        VICTIM[4],
        '1',
        '397',
        String((seconds - 2) * PROBES_PER_S * sources),
        String(PROBES_PER_S * sources),
      ]);
    const cpu = cpuSeconds([victim.watch.pid]);
    const attempts = (await victim.status()).kernel.attempts;
    const ports = { port: FLOODED_PORT, ports: 0 };
    await Promise.all([
      victim.syns({ base: '11.0.0.0', sources: 0, ...ports, rate: FLOOD_PER_S, seconds }),
      sleep(1500).then(() => Promise.all([scan(ATTACKER[4], 1), scan('12.0.0.0', CROSSING)])),
    ]);
    const used = cpuSeconds([victim.watch.pid]) - cpu;
    const { rounds, ports: talked } = await talkers.end();
    const whole = await toldWhole(victim, talked);
    const { kernel } = await victim.status();
    const found = new Set(
      (await linesWith(victim, 'Port scan detected: ')).map(
        (line) => / detected: (\S+) /.exec(line)![1]!,
      ),
    );
    const crossing = [...found].filter((source) => source.startsWith('12.0.0.')).length;
    const counters = await rig.must('victim', ['nft', 'list', 'table', 'inet', 'pwcount']);
    const through = Number(/packets (\d+)/.exec(counters)?.[1]);
    const perSecond = (kernel.attempts - attempts) / seconds;
    return {
      cells: [
        rule,
        number(perSecond),
        found.has(ATTACKER[4]) ? 'found' : 'not found',
        number(through),
        number(crossing),
        number(kernel.verdicts_lost),
        number(whole),
        number(rounds),
        number(kernel.evicted),
        number(used, 1),
      ],
      figures: {
        slowness: -perSecond,
        through: found.has(ATTACKER[4]) ? through : Number.NaN,
        lost: kernel.verdicts_lost,
        untold: TALKERS - whole,
      },
    };
  });
}

async function manySources(seconds: number): Promise<Row> {
  const args = ['--rule', 'weighted', '-o', 'text'];
  return Victim.with(
    args,
    () => Promise.resolve(),
    async (victim) => {
      const before = (await victim.status()).kernel;
      const cpu = cpuSeconds([victim.watch.pid]);
      const sources = { base: '11.0.0.0', sources: 50_000, port: 1000, ports: 1000 };
      await victim.syns({ ...sources, rate: 100_000, seconds });
      const cores = (cpuSeconds([victim.watch.pid]) - cpu) / seconds;
      const { kernel, output } = await victim.status();
      const of = (name: keyof typeof kernel): number => kernel[name] - before[name];
      const lost = of('attempts_lost') + of('answers_lost') + of('sums_lost') + output.lost;
      const met = verdict(cores + lost, { atMost: 1 });
      return {
        cells: [
          number(of('attempts') / seconds),
          number(of('attempts_reported')),
          number(of('attempts_summed')),
          number(lost),
          number(of('evicted')),
          number(cores, 2),
          number(peakRssMb([victim.watch.pid])),
          met,
        ],
        figures: {},
      };
    },
  );
}

interface Talkers {
  /** Closes the connections. */
  end(): Promise<{ readonly ports: readonly number[]; readonly rounds: number }>;
}

async function talk({ rig, folder }: Victim): Promise<Talkers> {
  const program = fileURLToPath(new URL('../src/talkers.mjs', import.meta.url));
  const begin = async (side: 'victim' | 'attacker', args: string[], word: string) => {
    const file = `${folder}/${side}.out`;
    const argv = [process.execPath, program, ...args];
    const started = await rig.start(side, argv, { stdout: { file }, stderr: file });
    if (!(await until(() => text(file).includes(word), 10)))
      throw new Error(`the talkers did not start: ${text(file)}`);
    return { started, file };
  };
  await begin('victim', ['serve', `${TALK_PORT}`], 'ready');
  const args = ['talk', VICTIM[4], `${TALK_PORT}`, CLIENT, `${TALKERS}`];
  const { started, file } = await begin('attacker', args, 'open');
  return { end: () => ended(started, file) };
}

async function ended(started: Started, file: string): ReturnType<Talkers['end']> {
  await started.stop();
  const last = text(file).trim().split('\n').at(-1)!;
  return JSON.parse(last) as Awaited<ReturnType<Talkers['end']>>;
}

/** How many of these connections have a line that says that they were closed, with their process. */
async function toldWhole(victim: Victim, ports: readonly number[]): Promise<number> {
  let whole = 0;
  const look = async (): Promise<boolean> => {
    const closed = await linesWith(victim, 'Connection closed: ');
    const told = new Set(
      closed.map((line) => /closed: \S+:(\d+) -> \S+ \S+\[\d+\] /.exec(line)?.[1]),
    );
    whole = ports.filter((port) => told.has(`${port}`)).length;
    return whole === TALKERS;
  };
  await until(look, 10, 500);
  return whole;
}

/** Of a file that may be too long to be read at once. */
async function linesWith({ output }: Victim, words: string): Promise<string[]> {
  const { stdout } = await run(['grep', '-F', words, output]);
  return stdout.split('\n').filter((line) => line !== '');
}
