/** Tables for the terminal and for docs/benchmarks.md. */

/** One table of a row; every cell is text already. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly string[]>;
  /** Sentences under the table. */
  readonly notes?: readonly string[];
}

/** Something that must hold, and whether it does. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
}

/** What a row hands back. */
export interface Section {
  readonly title: string;
  /** How it was measured, one sentence per line. */
  readonly method: readonly string[];
  readonly tables: readonly Table[];
  /** One line for each peer or part that was not measured, with the reason. */
  readonly skipped: readonly string[];
  /** Of a row that is also a test: its exit code and last line come from them. */
  readonly checks?: readonly Check[];
}

/** What every row gets. */
export interface Options {
  readonly quick: boolean;
  readonly runs: number | undefined;
  readonly log: (line: string) => void;
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A number with `digits` decimals, or a dash when it was not measured. */
export function number(value: number | undefined, digits = 0): string {
  return value === undefined || !Number.isFinite(value) ? '-' : value.toFixed(digits);
}

/** The smallest and the largest of several runs, when they differ. */
export function spread(values: readonly number[], digits = 0): string {
  const numbers = values.filter((value) => Number.isFinite(value));
  if (numbers.length === 0) return '-';
  const low = number(Math.min(...numbers), digits);
  const high = number(Math.max(...numbers), digits);
  return low === high ? low : `${low}-${high}`;
}

/** "goal: met" for our own rows; `value` NaN is "not measured". */
export function verdict(
  value: number,
  goal: { atMost?: number; atLeast?: number; exactly?: number },
): string {
  if (!Number.isFinite(value)) return 'not measured';
  const met =
    (goal.atMost === undefined || value <= goal.atMost) &&
    (goal.atLeast === undefined || value >= goal.atLeast) &&
    (goal.exactly === undefined || value === goal.exactly);
  return met ? 'met' : '**not met**';
}

/** A table as Markdown; in the terminal it reads well too, because the columns are padded. */
export function markdown(table: Table): string {
  const rows = [table.columns, ...table.rows];
  const widths = table.columns.map((_, i) =>
    Math.max(3, ...rows.map((row) => (row[i] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (cells[i] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const notes = (table.notes ?? []).map((note) => `\n${note}`).join('');
  return `**${table.title}**\n\n${line(table.columns)}\n${rule}\n${table.rows.map(line).join('\n')}\n${notes}`;
}

/** A whole section as Markdown. */
export function sectionMarkdown(section: Section, heading: string): string {
  const parts = [
    `${heading} ${section.title}`,
    section.method.join('\n'),
    ...section.tables.map(markdown),
  ];
  if (section.skipped.length > 0)
    parts.push(section.skipped.map((line) => `- not measured: ${line}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}
