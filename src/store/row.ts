import type { JsonConnection } from '../model/json.ts';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { JSON_COLUMNS, LINE_COLUMNS } from './columns.ts';

/** What is selected of `connections` to make lines of it again. */
export const SELECTED: string = [
  ...LINE_COLUMNS.map(({ name }) => name),
  'lower(hex(key)) as key_hex',
].join(', ');

/** A row as FORMAT JSONEachRow has it. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** A stored row as the object that the line was. */
export function connectionOf(row: StoredRow): JsonConnection {
  const line: Record<string, unknown> = {};
  for (const { name } of LINE_COLUMNS) {
    const value = row[name];
    if (!isAbsent(row, name, value)) line[name] = told(name, value);
    if (name === 'event' && row['count'] === null)
      line['id'] = String(row['key_hex']).padStart(16, '0');
  }
  return line as unknown as JsonConnection;
}

/** Null, or empty where nothing that is told is. */
function isAbsent(row: StoredRow, name: string, value: unknown): boolean {
  if (name === 'src_ip' || name === 'src_port') return row['count'] !== null;
  // a process may have no name: where it is known who it is, it is told
  if (name === 'process' || name === 'resp_process') return row[`${name}_from`] === '';
  if (Array.isArray(value)) return value.length === 0;
  return value === null || value === undefined || value === '';
}

function told(name: string, value: unknown): unknown {
  if (JSON_COLUMNS.has(name)) return JSON.parse(String(value)) as unknown;
  return name === 'src_ip' || name === 'dst_ip' ? addressOf(value) : value;
}

/** An address as lines have it, of one as ClickHouse writes it. */
export function addressOf(value: unknown): string {
  const bytes = parseAddress(String(value));
  return bytes === undefined ? String(value) : formatAddress(bytes);
}
