import { terminalLine } from '../sinks/escape.ts';

/** Columns aligned by spaces, headers in the first line; ends with a newline. */
export function table(headers: readonly string[], told: readonly (readonly string[])[]): string {
  const rows = told.map((row) => row.map(terminalLine));
  const widths = headers.map((header, i) =>
    Math.max(header.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return `${[headers, ...rows].map(line).join('\n')}\n`;
}
