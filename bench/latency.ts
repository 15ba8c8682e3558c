/** Row latency: from connect() to the line, from the start to the first line, and memory after ten million events. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { command, probe, ready } from './packetwatch.ts';
import { peakRssMb, type Started, until } from './proc.ts';
import {
  median,
  number,
  type Options,
  percentile,
  type Section,
  spread,
  verdict,
} from './report.ts';
import {
  ATTACKER,
  CLIENT,
  CLIENTS,
  FIRST_PORT,
  helper,
  PORTS,
  Rig,
  VICTIM,
  workFolder,
} from './rig.ts';
import { keyOf, opened } from './tuples.ts';

/** Attempts at one closed port: each is two events, the attempt and that it was refused. */
const FLOOD = { attempts: 5_000_000, perSecond: 60_000, port: 9 } as const;

/** Tells each line of the program's output with the time at which it was read. */
function onLines(started: Started, take: (line: string, readMs: number) => void): void {
  const stdout = started.child.stdout as Readable;
  let rest = '';
  stdout.setEncoding('latin1').on('data', (chunk: string) => {
    const readMs = performance.timeOrigin + performance.now();
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line, readMs);
  });
}

const ATTEMPT = /: New connection: ([\d.]+):(\d+) -> [\d.]+:(\d+)/;

async function load(rig: Rig, folder: string, seconds: number): Promise<Started> {
  const argv = [
    CLIENT,
    CLIENTS,
    VICTIM[4],
    FIRST_PORT,
    PORTS,
    1000,
    seconds,
    64,
    'client',
    `${folder}/opened.bin`,
  ];
  return rig.start('attacker', [await helper('loadgen'), ...argv.map(String)], {
    stdout: { file: `${folder}/loadgen` },
    stderr: `${folder}/loadgen`,
  });
}

async function withRig<T>(work: (rig: Rig, folder: string) => Promise<T>): Promise<T> {
  const folder = workFolder('latency');
  const rig = await new Rig().up();
  try {
    const server = await rig.serve(folder, 'client', `${FIRST_PORT}-${FIRST_PORT + PORTS - 1}`);
    try {
      return await work(rig, folder);
    } finally {
      await server.stop();
    }
  } finally {
    await rig.down();
  }
}

/** Milliseconds from connect() to the reading of its line, for each connection. */
function eventToLine(seconds: number): Promise<number[]> {
  return withRig(async (rig, folder) => {
    const watch = await rig.start('victim', command(['-o', 'text']), {
      stdout: 'pipe',
      stderr: `${folder}/err`,
    });
    const readMs = new Map<number, number>();
    let probed = false;
    onLines(watch, (line, ms) => {
      probed = true;
      const found = ATTEMPT.exec(line);
      const key = found === null ? undefined : keyOf(found[1]!, found[2]!, found[3]!);
      if (key !== undefined && !readMs.has(key)) readMs.set(key, ms);
    });
    await until(async () => (await probe(rig, folder), probed), 15);
    const generator = await load(rig, folder, seconds);
    await until(() => generator.child.exitCode !== null, seconds + 10);
    await sleep(500);
    await watch.stop();
    const all = opened(`${folder}/opened.bin`);
    const missed = all.filter((one) => !readMs.has(one.key)).length;
    if (missed > 0) throw new Error(`${missed} of ${all.length} connections had no line`);
    return all.map((one) => readMs.get(one.key)! - one.connectMs);
  });
}

/** Milliseconds from the start of the program to its first line while connections come in. */
function firstLine(): Promise<number> {
  return withRig(async (rig, folder) => {
    const generator = await load(rig, folder, 20);
    await sleep(300);
    const began = performance.now();
    const watch = await rig.start('victim', command(['-o', 'text']), {
      stdout: 'pipe',
      stderr: `${folder}/err`,
    });
    let first = Number.NaN;
    onLines(watch, (line) => {
      if (Number.isNaN(first) && ATTEMPT.test(line)) first = performance.now() - began;
    });
    await until(() => Number.isFinite(first), 15, 10);
    await watch.stop();
    await generator.stop();
    return first;
  });
}

/** Peak memory, MB, after ten million events, with the lines going to a reader that only counts them. */
function memory(log: (line: string) => void): Promise<{ rssMb: number; lines: number }> {
  return withRig(async (rig, folder) => {
    const watch = await rig.start('victim', command(['-o', 'text']), {
      stdout: 'pipe',
      stderr: `${folder}/err`,
    });
    let lines = 0;
    (watch.child.stdout as Readable).on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
    });
    await until(async () => (await probe(rig, folder), lines > 0), 15);
    const argv = [
      ATTACKER[4],
      VICTIM[4],
      FLOOD.port,
      FLOOD.port,
      FLOOD.attempts,
      FLOOD.perSecond,
    ].map(String);
    await rig.must('attacker', [await helper('synflood'), ...argv], { timeoutS: 300 });
    let last = -1;
    await until(() => last === (last = lines), 30, 1500);
    const rssMb = peakRssMb([watch.pid]);
    log(`latency: ${number(rssMb)} MB after ${lines} lines`);
    await watch.stop();
    return { rssMb, lines };
  });
}

export async function latency(options: Options): Promise<Section> {
  const title = 'Latency, start and memory';
  const notReady = await ready();
  if (notReady !== undefined)
    return { title, method: [], tables: [], skipped: [`packetwatch: ${notReady}`] };
  const seconds = options.quick ? 3 : 10;
  const delays = await eventToLine(seconds);
  options.log(
    `latency: p50 ${number(percentile(delays, 0.5), 2)} ms, p99 ${number(percentile(delays, 0.99), 2)} ms`,
  );
  const firsts: number[] = [];
  for (let i = 0; i < (options.runs ?? (options.quick ? 2 : 5)); i++)
    firsts.push(await firstLine());
  options.log(`latency: first line after ${spread(firsts)} ms`);
  const p99 = percentile(delays, 0.99);
  const rows = [
    ['event to line at 1,000/s, p50', `${number(percentile(delays, 0.5), 1)} ms`, ''],
    [
      'event to line at 1,000/s, p99',
      `${number(p99, 1)} ms`,
      `at most 20 ms: ${verdict(p99, { atMost: 20 })}`,
    ],
    [
      'first event after the start, median',
      `${number(median(firsts))} ms (${spread(firsts)})`,
      `at most 500 ms: ${verdict(median(firsts), { atMost: 500 })}`,
    ],
  ];
  const skipped: string[] = [];
  if (options.quick) {
    skipped.push('memory after ten million events: only in a full run');
  } else {
    const { rssMb, lines } = await memory(options.log);
    const enough = lines >= FLOOD.attempts * 2;
    rows.push([
      `peak memory after ${lines} lines`,
      `${number(rssMb)} MB`,
      `at most 120 MB after 10 M events: ${enough ? verdict(rssMb, { atMost: 120 }) : '**not met**, lines are missing'}`,
    ]);
  }
  return {
    title,
    method: [
      `${seconds} s of 1,000 connections a second, text to a pipe: from the generator's clock just before connect() to the reading of the line.`,
      'First event: from the start of the process to its first line while 1,000 connections a second come in.',
      `Memory: ${FLOOD.attempts.toLocaleString('en')} SYNs at ${FLOOD.perSecond.toLocaleString('en')}/s to a closed port, each an attempt and a refusal, text to a pipe.`,
    ],
    tables: [{ title: 'Times and memory', columns: ['what', 'measured', 'goal'], rows }],
    skipped,
  };
}
