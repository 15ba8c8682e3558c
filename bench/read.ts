/** Attempts from a capture file: ours, tcpdump with a filter for them, and cat, which only reads. */
import { fileURLToPath } from 'node:url';
import { rmSync } from 'node:fs';
import { type Made, writeCapture } from './capture-file.ts';
import { missingPackages } from './needs.ts';
import { must, onEnd } from './proc.ts';
import { median, number, type Options, type Section, spread, verdict } from './report.ts';

const CAPTURE = fileURLToPath(new URL('out/mixed.pcap', import.meta.url));
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const SYN = 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn';
/** At least as many times as fast as tcpdump. */
const GOAL = 2;

interface Tool {
  readonly name: string;
  readonly argv: readonly string[];
  readonly wall: number[];
  readonly cpu: number[];
  lines: number;
}

export async function read(options: Options): Promise<Section> {
  const runs = options.runs ?? (options.quick ? 3 : 7);
  const undo = onEnd(() => rmSync(CAPTURE, { force: true }));
  const made = writeCapture(CAPTURE, options.quick ? 300e6 : 1e9);
  const hasTcpdump = (await missingPackages({ tcpdump: 'tcpdump' })).length === 0;
  const ours = tool('packetwatch read', [process.execPath, MAIN, 'read', CAPTURE]);
  const tcpdump = tool('tcpdump -nn -r, SYN filter', ['tcpdump', '-nn', '-r', CAPTURE, SYN]);
  const cat = tool('cat', ['cat', CAPTURE]);
  const tools = hasTcpdump ? [cat, tcpdump, ours] : [cat, ours];
  for (let n = 0; n < runs; n++)
    for (const one of tools) {
      options.log(`${one.name}, run ${n + 1} of ${runs}`);
      await measure(one);
    }
  await undo();
  return section(made, runs, tools, hasTcpdump ? tcpdump : undefined);
}

function tool(name: string, argv: readonly string[]): Tool {
  return { name, argv, wall: [], cpu: [], lines: 0 };
}

/** The lines are counted once, so that a reader doesn't take part of the machine in the runs that are measured. */
async function measure(one: Tool): Promise<void> {
  const timed = 'TIMEFORMAT="%R %U %S"; { time "$0" "$@" >/dev/null 2>&1; } 2>&1';
  const [wall, user, system] = (await must(['bash', '-c', timed, ...one.argv])).trim().split(' ');
  one.wall.push(Number(wall));
  one.cpu.push(Number(user) + Number(system));
  if (one.lines === 0 && one.name !== 'cat')
    one.lines = Number(await must(['bash', '-c', '"$0" "$@" 2>/dev/null | wc -l', ...one.argv]));
}

function section(
  made: Made,
  runs: number,
  tools: readonly Tool[],
  tcpdump: Tool | undefined,
): Section {
  const ratio = (one: Tool, of: 'wall' | 'cpu'): number =>
    tcpdump === undefined ? Number.NaN : median(tcpdump[of]) / median(one[of]);
  const rows = tools.map((one) => [
    one.name,
    number(median(one.wall), 2),
    spread(one.wall, 2),
    number(median(one.cpu), 2),
    number(made.packets / median(one.cpu) / 1e6, 2),
    number(made.bytes / median(one.cpu) / 1e6),
    one.lines === 0 ? '-' : String(one.lines),
    number(ratio(one, 'wall'), 2),
    number(ratio(one, 'cpu'), 2),
    one.name.startsWith('packetwatch')
      ? `at least ${GOAL} times as fast as tcpdump: ${verdict(ratio(one, 'wall'), { atLeast: GOAL })}`
      : '',
  ]);
  return {
    title: 'Attempts from a capture file',
    method: [
      `A capture of ${made.packets} packets and ${Math.round(made.bytes / 1e6)} MB, ${made.syns} of them SYNs, in the page cache; median of ${runs} runs in turn, with the start of each program.`,
      'Seconds on the clock suffer from whatever else runs on the machine; CPU seconds are user and system together, and the rates are by them.',
      'cat is the floor: it reads the file and does nothing.',
    ],
    tables: [
      {
        title: 'Reading',
        columns: [
          'tool',
          's',
          's, range',
          'CPU s',
          'M packets / CPU s',
          'MB / CPU s',
          'lines',
          'times tcpdump',
          'by CPU',
          'goal',
        ],
        rows,
      },
    ],
    skipped: tcpdump ? [] : ['tcpdump: not installed'],
  };
}
