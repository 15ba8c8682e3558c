import type { JsonConnection } from '../model/json.ts';
import { LINE_COLUMNS } from '../store/columns.ts';

const NAMES = ['ts', 'event', 'id', ...LINE_COLUMNS.slice(2).map(({ name }) => name)];

/** Connections as CSV (RFC 4180), a column for each field; objects and lists as JSON. */
export function csv(connections: readonly JsonConnection[], withHeader: boolean): string {
  const rows = connections.map((connection) => {
    const fields: Record<string, unknown> = { ...connection };
    return NAMES.map((name) => cell(fields[name])).join(',');
  });
  return [...(withHeader ? [NAMES.join(',')] : []), ...rows].map((row) => `${row}\r\n`).join('');
}

function cell(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? plain(value) : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What others chose, as a process's or a server's name, must not be a formula where a spreadsheet opens it. */
function plain(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
