/** A scan inside a flood of spoofed SYNs, and what attempts from many sources cost in user space. */
import { setTimeout as sleep } from 'node:timers/promises';
import { missingPackages } from '../needs.ts';
import { ready } from '../packetwatch.ts';
import { cpuSeconds, run, until } from '../proc.ts';
import { median, type Options, spread, verdict } from '../report.ts';
import { ATTACKER, helper, type Rig, VICTIM, VICTIM_IF } from '../rig.ts';
import { loadPart, manySources } from './many-sources.ts';
import type { Part, Row, Rows } from './rows.ts';
import { talk, TALKERS } from './talkers.ts';
import { Victim } from './victim.ts';

const RULES = ['weighted', 'reference'] as const;

/** Of the scanner, and of each source that crosses the threshold as well. */
const PROBES_PER_S = 10;
const CROSSING = 200;
const FLOOD_PER_S = 520_000;
const RUNS = 3;
/** What a firewall behind the guard drops, so that the stack's own work doesn't limit the flood. */
const FLOODED_PORT = 443;

const flood: Part = {
  name: 'flood',
  title: 'A scan inside a flood',
  method: [
    `${PROBES_PER_S} probes a second from one source, and as many from each of ${CROSSING} further ones, inside SYNs from random addresses to one port, ${FLOOD_PER_S / 1000},000 a second from two CPUs as far as the machine can; 10 s against \`watch --block\` with text lines to a file.`,
    'The flooded port is dropped by a firewall behind the guard, as the stack itself would be the limit otherwise.',
    'A range is the smallest and the largest of several runs.',
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
      `Goals: 500,000 SYN/s (the median run, ${verdict(-worst('slowness'), { atLeast: 500_000 })}), at most 8 probes through (${verdict(worst('through'), { atMost: 8 })}), no verdict lost (${verdict(worst('lost'), { exactly: 0 })}), no close of a connection lost (${verdict(worst('untold'), { exactly: 0 })}).`,
    ];
  },
};

export const FLOOD_PARTS: readonly Part[] = [flood, loadPart];

export async function byFlood(rows: Rows, options: Options): Promise<string[]> {
  const missing = await missingPackages({ ethtool: 'ethtool', clang: 'clang' });
  if (missing.length > 0) return [`floods: install ${missing.join(' ')}`];
  const notReady = await ready();
  if (notReady !== undefined) return [`floods: ${notReady}`];
  const { quick, log, runs = quick ? 1 : RUNS } = options;
  const seconds = quick ? 5 : 10;
  for (const rule of RULES) {
    const results: FloodResult[] = [];
    for (let i = 0; i < runs; i++) results.push(await scanInFlood(rule, seconds));
    const row = rowOf(rule, results);
    rows.put(flood, rule, row);
    log(row.cells.join(' | '));
  }
  const row = await manySources(seconds);
  rows.put(loadPart, 'text', row);
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

interface FloodResult {
  readonly perSecond: number;
  readonly isFound: boolean;
  readonly through: number;
  readonly crossing: number;
  readonly lost: number;
  readonly whole: number;
  readonly rounds: number;
  readonly evicted: number;
  readonly cpuS: number;
}

async function scanInFlood(rule: string, seconds: number): Promise<FloodResult> {
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
    const cpu = cpuSeconds([victim.pid]);
    const attempts = (await victim.status()).kernel.attempts;
    const ports = { port: FLOODED_PORT, ports: 0 };
    await Promise.all([
      victim.syns({ base: '11.0.0.0', sources: 0, ...ports, rate: FLOOD_PER_S, seconds }),
      sleep(1500).then(() => Promise.all([scan(ATTACKER[4], 1), scan('12.0.0.0', CROSSING)])),
    ]);
    const used = cpuSeconds([victim.pid]) - cpu;
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
    return {
      perSecond: (kernel.attempts - attempts) / seconds,
      isFound: found.has(ATTACKER[4]),
      through,
      crossing,
      lost: kernel.verdicts_lost,
      whole,
      rounds,
      evicted: kernel.evicted,
      cpuS: used,
    };
  });
}

function rowOf(rule: string, results: readonly FloodResult[]): Row {
  const all = (name: Exclude<keyof FloodResult, 'isFound'>): number[] =>
    results.map((result) => result[name]);
  const found = results.filter(({ isFound }) => isFound).length;
  return {
    cells: [
      rule,
      spread(all('perSecond')),
      found === results.length ? 'found' : `found in ${found} of ${results.length}`,
      spread(all('through')),
      spread(all('crossing')),
      spread(all('lost')),
      spread(all('whole')),
      spread(all('rounds')),
      spread(all('evicted')),
      spread(all('cpuS'), 1),
    ],
    figures: {
      slowness: -median(all('perSecond')),
      through: found === results.length ? Math.max(...all('through')) : Number.MAX_SAFE_INTEGER,
      lost: Math.max(...all('lost')),
      untold: TALKERS - Math.min(...all('whole')),
    },
  };
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
