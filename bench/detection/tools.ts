/** Scans by real tools: which of them each rule finds, and how soon. */
import { missingPackages } from '../needs.ts';
import { ready } from '../packetwatch.ts';
import { median, number, type Options, verdict } from '../report.ts';
import { helper } from '../rig.ts';
import type { Part, Row, Rows } from './rows.ts';
import { runTool, type ToolResult } from './tool-run.ts';
import { TOOL_SCANS, type ToolScan } from './tool-scans.ts';

const RULES = ['weighted', 'reference'] as const;
type RuleName = (typeof RULES)[number];

export const toolPart: Part = {
  name: 'tools',
  title: 'Scanners, by real tools',
  method: [
    'Each scan runs twice, in network namespaces of its own, against `packetwatch watch --block` with either rule; ports 22, 80 and 443 are open, all others closed.',
    'nmap runs with -n -Pn -p1-1000 unless the row says otherwise; its -T0 sends one probe in 5 minutes, which the cases by packets cover.',
    'Through: probes of the scanner (of all sources where they are spoofed) that reached the very last input hook of the victim, until a second after the verdict.',
    'Others found, by either rule: sources besides the scanner; a decoy whose address a scanner uses looks like one.',
    'Seconds: from the first packet that left the scanner to the verdict.',
    'A scan is given up after 5 minutes, one that is not meant to be found after 20 s.',
    'Which scans ran at the same time depends on the machine: the slow ones all at once, of the others one per core.',
  ],
  columns: [
    'scan',
    'IP',
    ...RULES.flatMap((rule) => [rule, 'through', 'seconds']),
    'others found',
    'remarks',
  ],
  rows: TOOL_SCANS.map(nameOf),
  summary(rows) {
    const of = (name: string): number[] => rows.flatMap(({ figures }) => figures[name] ?? []);
    const through = of('through');
    const found = rows.filter(({ figures }) => figures['found'] === 1).length;
    const meant = rows.filter(({ figures }) => figures['meant'] === 1).length;
    return [
      `Of ${meant} scans that are to be found the weighted rule found ${found}: ${verdict(found, { exactly: meant })}.`,
      `Probes of these that reached the stack under the weighted rule: median ${number(median(through))}, at most ${number(Math.max(...through))} (goal: median at most 5, ${verdict(median(through), { atMost: 5 })}).`,
    ];
  },
};

/** Others at once than slow ones; each also has a program of ours and a server. */
const AT_ONCE = 2;

export async function byTools(rows: Rows, { quick, log }: Options): Promise<string[]> {
  const missing = await missingPackages({ nmap: 'nmap', masscan: 'masscan', hping3: 'hping3' });
  if (missing.length > 0) return [`scans by real tools: install ${missing.join(' ')}`];
  const notReady = await ready();
  if (notReady !== undefined) return [`scans by real tools: ${notReady}`];
  for (const name of ['loadgen', 'server'] as const) await helper(name);
  const skipped: string[] = [];
  const wanted = TOOL_SCANS.filter((scan) => scan.quick || !quick);
  const one = async (scan: ToolScan): Promise<void> => {
    try {
      const weighted = await runTool(scan, 'weighted');
      const row = rowOf(scan, { weighted, reference: await runTool(scan, 'reference') });
      rows.put(toolPart, nameOf(scan), row);
      log(row.cells.join(' | '));
    } catch (error) {
      skipped.push(`${nameOf(scan)}: ${(error as Error).message.split('\n')[0]}`);
      log(skipped.at(-1)!);
    }
  };
  const slow = wanted.filter((scan) => scan.slow);
  const others = wanted.filter((scan) => !scan.slow)[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (const scan of others) await one(scan);
  };
  await Promise.all([...slow.map(one), ...Array.from({ length: AT_ONCE }, work)]);
  return skipped;
}

function nameOf({ name, family }: ToolScan): string {
  return `${name}, IPv${family}`;
}

function rowOf(scan: ToolScan, results: Readonly<Record<RuleName, ToolResult>>): Row {
  const { weighted } = results;
  const meant = scan.unfound === undefined && weighted.refusal === undefined;
  return {
    cells: [
      scan.name,
      `${scan.family}`,
      ...RULES.flatMap((rule) => cellsOf(results[rule])),
      RULES.map((rule) => results[rule].others).join(' / '),
      remarkOf(scan, weighted),
    ],
    figures: {
      meant: Number(meant),
      found: Number(meant && weighted.found !== undefined),
      ...(meant && weighted.found ? { through: weighted.reached } : {}),
    },
  };
}

function cellsOf({ found, reached, seconds, refusal }: ToolResult): string[] {
  if (refusal !== undefined) return ['-', '-', '-'];
  if (!found) return ['not found', number(reached), '-'];
  const { kind, technique, evidence } = found;
  const as = technique === undefined ? kind : `${kind}, ${technique}`;
  return [evidence.blocked ? as : `${as}, not blocked`, number(reached), number(seconds, 2)];
}

function remarkOf(scan: ToolScan, { found, refusal }: ToolResult): string {
  if (refusal !== undefined) return `the tool refuses: ${refusal.trim()}`;
  return found ? '' : (scan.unfound ?? '');
}
