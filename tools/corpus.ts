/**
 * npx tsx tools/corpus.ts: what `packetwatch read` finds in the captures of PACKETWATCH_CORPUS, file by file, against
 * an independent analyser's list: precision and recall of attempts, and how each file ended.
 */
import { join } from 'node:path';
import { run } from '../test/support/command.ts';
import { MAIN } from '../test/support/rig.ts';
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
  const row = (...cells: (string | number)[]): string =>
    cells
      .map((cell, i) => (i === 0 ? String(cell).padEnd(12) : String(cell).padStart(10)))
      .join('');
  const lines = [row('set', 'files', 'exit 1', 'slowest', 'attempts', 'precision', 'recall')];
  for (const [set, { score: of, files: count, exit1, slowestMs }] of sums) {
    const told = of.found + of.surplus.length;
    lines.push(
      row(
        set,
        count,
        exit1,
        `${(slowestMs / 1000).toFixed(2)} s`,
        of.expected,
        (told === 0 ? 1 : of.found / told).toFixed(3),
        (of.expected === 0 ? 1 : of.found / of.expected).toFixed(3),
      ),
    );
    faults.push(...of.missing.map((what) => `missing: ${what}`));
    faults.push(...of.surplus.map((what) => `surplus: ${what}`));
  }
  process.stdout.write(`${[...lines, ...faults].join('\n')}\n`);
  return faults.length === 0 ? 0 : 1;
}

async function one(
  place: string,
  file: CorpusFile,
  sums: Map<string, Sum>,
  faults: string[],
): Promise<void> {
  const sum = sums.get(setOf(file)) ?? { score: newScore(), files: 0, exit1: 0, slowestMs: 0 };
  sums.set(setOf(file), sum);
  const argv = [process.execPath, MAIN, 'read', '-o', 'json', join(place, file.path)];
  const begun = performance.now();
  const { code, stdout, stderr } = await run(argv, { seconds: MOST_SECONDS });
  sum.slowestMs = Math.max(sum.slowestMs, performance.now() - begun);
  sum.files++;
  if (code === 1) sum.exit1++;
  const isClear = code === 0 || (code === 1 && /^packetwatch: .+\n/.test(stderr));
  if (!isClear) faults.push(`exit code ${code}: ${file.path}: ${stderr.trim()}`);
  const told = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<'ts' | 'src_ip' | 'dst_ip', string> & Ports)
    .map(({ ts, src_ip, src_port, dst_ip, dst_port }) =>
      attemptKey({ ts, src: src_ip, sport: src_port, dst: dst_ip, dport: dst_port }),
    );
  score(file, told, sum.score);
}

interface Ports {
  readonly src_port: number;
  readonly dst_port: number;
}
