import { terminalLine } from '../sinks/escape.ts';

const GAP = 2;

/** How wide a table may be, and which of its columns give way, in that order, each but for its least. */
export interface Fit {
  readonly columns: number;
  readonly giving: readonly { readonly column: number; readonly least: number }[];
}

/** Columns aligned by spaces, headers in the first line; ends with a newline. */
export function table(
  headers: readonly string[],
  told: readonly (readonly string[])[],
  fit?: Fit,
): string {
  const rows = told.map((row) => row.map(terminalLine));
  const widths = headers.map((header, i) =>
    Math.max(header.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  for (const { column, least } of fit?.giving ?? []) {
    const over = widths.reduce((sum, width) => sum + width + GAP, -GAP) - fit!.columns;
    if (over > 0)
      widths[column] = Math.min(widths[column]!, Math.max(least, widths[column]! - over));
  }
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => elide(cell, widths[i]!).padEnd(widths[i]!))
      .join(' '.repeat(GAP))
      .trimEnd();
  return `${[headers, ...rows].map(line).join('\n')}\n`;
}

/** The middle of a long word goes: an address is known by its begin, a port and a pid stand at the end. */
export function elide(word: string, width: number): string {
  if (word.length <= width) return word;
  const tail = Math.min(Math.floor(width / 2), 10);
  return `${word.slice(0, Math.max(0, width - tail - 2))}..${word.slice(word.length - tail)}`;
}
