/** Writes docs/detection.md. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdown } from '../report.ts';
import { machine } from '../page.ts';
import type { Part, Rows } from './rows.ts';

const PAGE = fileURLToPath(new URL('../../docs/detection.md', import.meta.url));

export async function writeDetection(
  parts: readonly Part[],
  rows: Rows,
  otherPct: number,
): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  const sections = parts.flatMap((part) => {
    const kept = rows.of(part);
    if (kept.length === 0) return [];
    const older = kept.filter(({ on }) => on !== today).length;
    const method = [...part.method, ...part.summary(kept)];
    if (older > 0) method.push(`${older} of the rows were taken on an earlier day.`);
    const { columns } = part;
    const table = markdown({ title: part.title, columns, rows: kept.map(({ cells }) => cells) });
    // the title is the heading here
    const body = table.slice(table.indexOf('\n\n') + 2).trimEnd();
    return [`## ${part.title}`, method.join('\n'), body];
  });
  const head = [
    '# Detection',
    `Written by \`make bench ARGS=detection\`; do not edit.\nWhat each rule says of honest clients and of scanners.\nWritten on ${today}; other work took ${Math.round(otherPct)} % of the machine's CPU when it began, which delays what is timed here, but changes no verdict by packets.`,
    await machine(),
  ];
  writeFileSync(PAGE, `${[...head, ...sections].join('\n\n')}\n`);
}
