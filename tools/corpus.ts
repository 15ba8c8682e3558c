/**
 * npx tsx tools/corpus.ts: what `packetwatch read` finds in the captures of PACKETWATCH_CORPUS, file by file, against
 * an independent analyser's list: precision and recall of attempts, and how each file ended; and connections against
 * the rows of Zeek's own tests.
 */
import { join } from 'node:path';
import { endings } from './corpus-endings.ts';
import { run } from '../test/support/command.ts';
import { MAIN } from '../test/support/rig.ts';
import {
  type ConnectionTold,
  type Field,
  newConnectionScore,
  scoreConnections,
} from '../test/corpus/connections.ts';
import {
  attemptKey,
  corpus,
  type CorpusFile,
  corpusFiles,
  newScore,
  score,
  setOf,
} from '../test/corpus/expected.ts';

/** A file that takes longer is a fault. */
const MOST_SECONDS = 10;
const AT_ONCE = 2;

interface Sum {
  readonly score: ReturnType<typeof newScore>;
  readonly connections: ReturnType<typeof newConnectionScore>;
  files: number;
  exit1: number;
  slowestMs: number;
}

const folder = corpus();
if (folder === undefined) {
  process.stderr.write('PACKETWATCH_CORPUS names no folder with an expected.json: nothing to do\n');
} else {
  process.exitCode = await main(folder);
}

async function main(place: string): Promise<number> {
  const files = corpusFiles(place);
  const sums = new Map<string, Sum>();
  const faults: string[] = [];
  const next = files.values();
  const work = async (): Promise<void> => {
    for (const file of next) await one(place, file, sums, faults);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const lines = [...attemptLines(sums), '', ...connectionLines(sums)];
  for (const { score: of, connections } of sums.values()) {
    faults.push(...of.missing.map((what) => `missing: ${what}`));
    faults.push(...of.surplus.map((what) => `surplus: ${what}`));
    faults.push(...connections.unexplained.map((what) => `not as Zeek: ${what}`));
  }
  // two more starts for each file take minutes, so what is known is printed before
  print([...lines, '']);
  const ended = await endings(place, files);
  faults.push(...ended.faults);
  print([...ended.rows.map((cells) => row(...cells)), ...faults]);
  return faults.length === 0 ? 0 : 1;
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function row(...cells: (string | number)[]): string {
  return cells
    .map((cell, i) => (i === 0 ? String(cell).padEnd(12) : String(cell).padStart(10)))
    .join('');
}

function ratio(part: number, whole: number): string {
  return (whole === 0 ? 1 : part / whole).toFixed(3);
}

function attemptLines(sums: ReadonlyMap<string, Sum>): string[] {
  const lines = [row('set', 'files', 'exit 1', 'slowest', 'attempts', 'precision', 'recall')];
  for (const [set, { score: of, files, exit1, slowestMs }] of sums) {
    const told = of.found + of.surplus.length;
    const slowest = `${(slowestMs / 1000).toFixed(2)} s`;
    const [precision, recall] = [ratio(of.found, told), ratio(of.found, of.expected)];
    lines.push(row(set, files, exit1, slowest, of.expected, precision, recall));
  }
  return lines;
}

function connectionLines(sums: ReadonlyMap<string, Sum>): string[] {
  const fields: readonly Field[] = ['conn_state', 'bytes', 'history', 'duration'];
  const lines = [row('set', 'rows', ...fields, 'aside')];
  for (const [set, { connections: of }] of sums) {
    if (of.rows === 0) continue;
    const ratios = fields.map((field) => ratio(of.same[field], of.rows));
    lines.push(row(set, of.rows, ...ratios, of.aside.length));
  }
  for (const { connections } of sums.values()) {
    lines.push(...connections.explained.map((what) => `explained: ${what}`));
    lines.push(...connections.aside.map((what) => `aside: ${what}`));
  }
  return lines;
}

async function one(
  place: string,
  file: CorpusFile,
  sums: Map<string, Sum>,
  faults: string[],
): Promise<void> {
  const sum = sums.get(setOf(file)) ?? {
    score: newScore(),
    connections: newConnectionScore(),
    files: 0,
    exit1: 0,
    slowestMs: 0,
  };
  sums.set(setOf(file), sum);
  const path = join(place, file.path);
  const begun = performance.now();
  const { code, stdout, stderr } = await read(path, 'attempts');
  sum.slowestMs = Math.max(sum.slowestMs, performance.now() - begun);
  sum.files++;
  if (code === 1) sum.exit1++;
  const isClear = code === 0 || (code === 1 && /^packetwatch: .+\n/.test(stderr));
  if (!isClear) faults.push(`exit code ${code}: ${file.path}: ${stderr.trim()}`);
  const told = linesOf(stdout).map(({ ts, src_ip, src_port, dst_ip, dst_port }) =>
    attemptKey({ ts, src: src_ip, sport: src_port, dst: dst_ip, dport: dst_port }),
  );
  score(file, told, sum.score);
  if (!file.connections) return;
  const connections = linesOf((await read(path, 'connections')).stdout).map(connectionOf);
  scoreConnections(file, connections, sum.connections);
}

function read(path: string, records: string): ReturnType<typeof run> {
  const argv = [process.execPath, MAIN, 'read', '--records', records, '-o', 'json', path];
  return run(argv, { seconds: MOST_SECONDS });
}

function linesOf(stdout: string): Line[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Line);
}

function connectionOf(line: Line): ConnectionTold {
  const { src_ip, src_port, dst_ip, dst_port } = line;
  return {
    ends: `${src_ip} ${src_port} ${dst_ip} ${dst_port}`,
    conn_state: line.conn_state,
    history: line.history ?? '',
    bytes: [line.orig_bytes, line.resp_bytes],
    duration: line.duration_s,
  };
}

interface Line extends Record<'ts' | 'src_ip' | 'dst_ip' | 'conn_state', string> {
  readonly src_port: number;
  readonly dst_port: number;
  readonly history?: string;
  readonly orig_bytes: number;
  readonly resp_bytes: number;
  readonly duration_s: number;
}
