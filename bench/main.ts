/**
 * npx tsx bench/main.ts [ROW...] [--runs N] [--quick]
 *
 * Measures Packetwatch and its peers in the same run and writes docs/benchmarks.md. Needs root.
 * Rows that are not asked for keep their last results of this machine in the page.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { browser } from './browser.ts';
import { bulk } from './bulk.ts';
import { connections } from './connections.ts';
import { conversations } from './conversations.ts';
import { detection } from './detection.ts';
import { kernel } from './kernel.ts';
import { latency } from './latency.ts';
import { leak } from './leak.ts';
import { live } from './live.ts';
import { type Kept, writePage } from './page.ts';
import { otherWorkPct, undoAll } from './proc.ts';
import { plugins } from './plugins.ts';
import { read } from './read.ts';
import { ring } from './ring.ts';
import { type Check, type Options, type Section, sectionMarkdown } from './report.ts';
import { soak } from './soak.ts';
import { store } from './store.ts';
import { swap } from './swap.ts';

/** The rows in the order of the page. */
const ROWS: Readonly<Record<string, (options: Options) => Promise<Section>>> = {
  kernel,
  plugins,
  detection,
  leak,
  connections,
  bulk,
  ring,
  latency,
  live,
  swap,
  page: browser,
  read,
  conversations,
  store,
  soak,
};
/** Run only when it is asked for: it takes half an hour. */
const LONG = new Set(['soak']);

const SHORT = Object.keys(ROWS).filter((name) => !LONG.has(name));
const USAGE = `usage: npx tsx bench/main.ts [ROW...] [--runs N] [--quick]\nrows: ${Object.keys(ROWS).join(' ')}\n`;
const RESULTS = fileURLToPath(new URL('out/results/', import.meta.url));

async function main(): Promise<number> {
  let parsed: { values: { runs?: string; quick?: boolean }; positionals: string[] };
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: { runs: { type: 'string' }, quick: { type: 'boolean' } },
    });
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = parsed;
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (
    positionals.some((name) => ROWS[name] === undefined) ||
    (runs !== undefined && !(Number.isInteger(runs) && runs > 0))
  ) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (process.getuid?.() !== 0) {
    process.stderr.write('bench: network namespaces and BPF need root: run it with sudo\n');
    return 1;
  }
  const options: Options = {
    quick: values.quick ?? false,
    runs,
    log: (line) => process.stderr.write(`  ${line}\n`),
  };
  mkdirSync(RESULTS, { recursive: true });
  let failed = 0;
  const checks: Check[] = [];
  for (const name of positionals.length > 0 ? positionals : SHORT) {
    process.stderr.write(`bench: ${name}\n`);
    try {
      const otherPct = await otherWorkPct();
      const section = await ROWS[name]!(options);
      const kept: Kept = { at: new Date().toISOString(), quick: options.quick, otherPct, section };
      writeFileSync(`${RESULTS}${name}.json`, JSON.stringify(kept));
      process.stdout.write(`\n${sectionMarkdown(section, '##')}\n`);
      checks.push(...(section.checks ?? []));
    } catch (error) {
      failed++;
      process.stderr.write(`bench: ${name} failed: ${(error as Error).stack}\n`);
    } finally {
      await undoAll();
    }
  }
  const kept = Object.keys(ROWS).filter((name) => existsSync(`${RESULTS}${name}.json`));
  await writePage(
    kept.map((name) => JSON.parse(readFileSync(`${RESULTS}${name}.json`, 'utf8')) as Kept),
  );
  const isTest = positionals.some((name) => LONG.has(name));
  return isTest ? told(checks, failed) : Math.min(failed, 1);
}

/** The last line, in the form of the other tests'; the exit code. */
function told(checks: readonly Check[], failedRows: number): number {
  const broken = checks.filter(({ ok }) => !ok);
  for (const { name } of broken) process.stdout.write(`failed: ${name}\n`);
  const failed = broken.length + failedRows;
  process.stdout.write(`${checks.length - broken.length} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void undoAll().then(() => process.exit(130));
  });
}
process.exitCode = await main();
