/** Writes docs/detection.md. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdown, spread } from '../report.ts';
import { machine } from '../page.ts';
import type { Part, Rows } from './rows.ts';

const PAGE = fileURLToPath(new URL('../../docs/detection.md', import.meta.url));

export async function writeDetection(parts: readonly Part[], rows: Rows): Promise<void> {
  const sections = parts.flatMap((part) => {
    const kept = rows.of(part);
    if (kept.length === 0) return [];
    const days = [...new Set(kept.map(({ on }) => on))].toSorted();
    const other = spread(kept.map(({ otherPct }) => otherPct));
    const when = `Taken on ${days.join(', ')}; other work took ${other} % of the machine's CPU when the run began.`;
    const { title, columns } = part;
    const table = markdown({ title, columns, rows: kept.map(({ cells }) => cells) });
    // the title is the heading here
    const body = table.slice(table.indexOf('\n\n') + 2).trimEnd();
    return [`## ${title}`, [...part.method, ...part.summary(kept), when].join('\n'), body];
  });
  const head = [
    '# Detection',
    'Written by `make bench ARGS=detection`; do not edit.\nWhat each rule says of honest clients and of scanners.\nWhat is judged by packets is the same each time; times and rates of real tools vary with the machine and its other work.',
    await machine(),
  ];
  writeFileSync(PAGE, `${[...head, ...sections].join('\n\n')}\n`);
}
