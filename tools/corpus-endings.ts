/** How `packetwatch read` ends with each file of the corpus, whatever is asked of it: in time, with a clear line. */
import { join } from 'node:path';
import { problems } from '../test/flow/schema.ts';
import { run } from '../test/support/command.ts';
import { MAIN } from '../test/support/rig.ts';
import { type CorpusFile, setOf } from '../test/corpus/expected.ts';

/** A file that takes longer is a fault. */
const MOST_SECONDS = 10;
const AT_ONCE = 2;

const ASKED: readonly (readonly string[])[] = [
  ['--records', 'all', '-o', 'json'],
  ['--records', 'connections', '-o', 'zeek', '--checksums', 'verify'],
];

interface Endings {
  files: number;
  exit1: number;
  slowestMs: number;
  lines: number;
}

/** A row for each set and for what was asked, and a line for each fault. */
export async function endings(
  place: string,
  files: readonly CorpusFile[],
): Promise<{ readonly rows: (string | number)[][]; readonly faults: string[] }> {
  const faults: string[] = [];
  const rows: (string | number)[][] = [['set', 'files', 'exit 1', 'slowest', 'lines', 'asked']];
  for (const set of new Set(files.map(setOf)))
    for (const asked of ASKED) {
      const sum: Endings = { files: 0, exit1: 0, slowestMs: 0, lines: 0 };
      const next = files.filter((file) => setOf(file) === set).values();
      const work = async (): Promise<void> => {
        for (const { path } of next) {
          const found = await one(join(place, path), asked, sum);
          faults.push(...found.map((fault) => `${path} ${asked.join(' ')}: ${fault}`));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const slowest = `${(sum.slowestMs / 1000).toFixed(2)} s`;
      rows.push([set, sum.files, sum.exit1, slowest, sum.lines, `  ${asked.join(' ')}`]);
    }
  return { rows, faults };
}

/** What is wrong with how one file ends. */
async function one(path: string, asked: readonly string[], sum: Endings): Promise<string[]> {
  const begun = performance.now();
  const argv = [process.execPath, MAIN, 'read', ...asked, path];
  const { code, stdout, stderr } = await run(argv, { seconds: MOST_SECONDS });
  sum.slowestMs = Math.max(sum.slowestMs, performance.now() - begun);
  sum.files++;
  if (code === 1) sum.exit1++;
  const lines = stdout.split('\n').slice(0, -1);
  sum.lines += lines.length;
  if (code !== 0 && code !== 1) return [`exit code ${code}: ${stderr.trim()}`];
  if (!/^(packetwatch: [^\n]+\n)*$/.test(stderr)) return [`not only notes: ${stderr.trim()}`];
  if (code === 1 && stderr === '') return ['exit code 1 without a word'];
  if (stdout !== '' && !stdout.endsWith('\n')) return ['the last line is cut off'];
  return lines.flatMap(asked.includes('zeek') ? zeekProblems : jsonProblems);
}

function jsonProblems(line: string): string[] {
  try {
    return problems(JSON.parse(line) as Record<string, unknown>);
  } catch (error) {
    return [`${String(error)}: ${line}`];
  }
}

const COLUMNS = 22;

function zeekProblems(line: string): string[] {
  const isWhole = line.startsWith('#') || line.split('\t').length === COLUMNS;
  return isWhole ? [] : [`not ${COLUMNS} columns: ${line}`];
}
