/** Connections with their states from a capture file: ours and tshark; and what ours takes of memory. */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ConversationsMade, writeConversations } from './conversations-file.ts';
import { missingPackages } from './needs.ts';
import { must, onEnd, text } from './proc.ts';
import {
  median,
  number,
  type Options,
  type Section,
  spread,
  type Table,
  verdict,
} from './report.ts';

const CAPTURE = fileURLToPath(new URL('out/conversations.pcap', import.meta.url));
const LINES = fileURLToPath(new URL('out/conversations.txt', import.meta.url));
const TIMES = fileURLToPath(new URL('out/conversations.time', import.meta.url));
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** Connections at once where speed is compared, and where memory is. */
const LIVE = 1000;
const MANY = 100_000;
/** Requests of a connection, in each of both. */
const ROUNDS = { speed: 40, memory: 1 } as const;
/** As many times as fast as tshark, with this part of its memory; and megabytes of any file with MANY of them. */
const GOAL = { times: 50, memory: 1 / 3, mostMb: 300 } as const;

interface Tool {
  readonly name: string;
  readonly argv: readonly string[];
  readonly wall: number[];
  readonly cpu: number[];
  readonly rssMb: number[];
  /** Lines that tell a connection. */
  lines: number;
}

export async function conversations(options: Options): Promise<Section> {
  const runs = options.runs ?? (options.quick ? 1 : 3);
  const undo = onEnd(() => {
    for (const file of [CAPTURE, LINES, TIMES]) rmSync(file, { force: true });
  });
  const missing = await missingPackages({ tshark: 'tshark' });
  const speed = await against(options, runs, missing.length === 0);
  const memory = await live(options);
  await undo();
  return {
    title: 'Connections with their states from a capture file',
    method: [
      'A capture of TCP connections that go on side by side, with data in both directions, in the page cache; what is told goes to a file, with the start of each program.',
      `Each connection has a handshake, a request with two full segments and a shorter one in answer ${ROUNDS.speed} times over, acknowledgements and a close; the port is one that has no dissector of its own.`,
      'Seconds on the clock suffer from whatever else runs on the machine; CPU seconds are user and system together; memory is the most that was resident.',
    ],
    tables: [speed, memory],
    skipped: missing.map((name) => `${name}: not installed`),
  };
}

async function against(options: Options, runs: number, hasTshark: boolean): Promise<Table> {
  const made = writeConversations(CAPTURE, {
    bytes: options.quick ? 100e6 : 300e6,
    live: LIVE,
    rounds: ROUNDS.speed,
  });
  const ours = tool('packetwatch read --records connections', ourArgv(CAPTURE));
  const tshark = tool('tshark -q -z conv,tcp', ['tshark', '-q', '-z', 'conv,tcp', '-r', CAPTURE]);
  const tools = hasTshark ? [tshark, ours] : [ours];
  for (let n = 0; n < runs; n++)
    for (const one of tools) {
      options.log(`${one.name}, run ${n + 1} of ${runs}`);
      await measure(one);
    }
  const times = (of: 'wall' | 'cpu'): number => median(tshark[of]) / median(ours[of]);
  const memory = median(ours.rssMb) / median(tshark.rssMb);
  return {
    title: `${made.connections} connections, ${made.packets} packets, ${Math.round(made.bytes / 1e6)} MB; median of ${runs} runs in turn`,
    columns: ['tool', 's', 's, range', 'CPU s', 'packets / CPU s', 'MB, most', 'connections told'],
    rows: tools.map((one) => [
      one.name,
      number(median(one.wall), 2),
      spread(one.wall, 2),
      number(median(one.cpu), 2),
      number(made.packets / median(one.cpu)),
      number(median(one.rssMb)),
      String(one.lines),
    ]),
    notes: [
      `Goal: ${GOAL.times} times as fast as tshark: ${number(times('wall'), 1)} times on the clock, ${number(times('cpu'), 1)} times by CPU: ${verdict(times('wall'), { atLeast: GOAL.times })}.`,
      `Goal: a third of its memory: ${number(100 * memory)} %: ${verdict(memory, { atMost: GOAL.memory })}.`,
    ],
  };
}

/** Two files, so that memory shows whether it grows with the file. */
async function live(options: Options): Promise<Table> {
  const rows: string[][] = [];
  for (const bytes of options.quick ? [300e6] : [600e6, 2.4e9]) {
    options.log(`memory, ${bytes / 1e6} MB`);
    const made: ConversationsMade = writeConversations(CAPTURE, {
      bytes,
      live: MANY,
      rounds: ROUNDS.memory,
    });
    const ours = tool('', ourArgv(CAPTURE));
    await measure(ours);
    const [rssMb] = ours.rssMb;
    rows.push([
      number(made.bytes / 1e6),
      String(made.connections),
      String(ours.lines),
      number(rssMb),
      `at most ${GOAL.mostMb} MB: ${verdict(rssMb!, { atMost: GOAL.mostMb })}`,
    ]);
  }
  return {
    title: `Memory with ${MANY} connections at once`,
    columns: ['file, MB', 'connections', 'connections told', 'MB, most', 'goal'],
    rows,
  };
}

function ourArgv(file: string): string[] {
  return [process.execPath, MAIN, 'read', '--records', 'connections', file];
}

function tool(name: string, argv: readonly string[]): Tool {
  return { name, argv, wall: [], cpu: [], rssMb: [], lines: 0 };
}

async function measure(one: Tool): Promise<void> {
  const timed = '/usr/bin/time -o "$0" -f "%e %U %S %M" "${@:2}" >"$1" 2>/dev/null';
  await must(['bash', '-c', timed, TIMES, LINES, ...one.argv], { timeoutS: 600 });
  const [wall, user, system, kib] = text(TIMES).trim().split(' ').map(Number);
  one.wall.push(wall!);
  one.cpu.push(user! + system!);
  one.rssMb.push((kib! * 1024) / 1e6);
  one.lines = text(LINES).match(/ <-> |: Connection /g)?.length ?? 0;
}
