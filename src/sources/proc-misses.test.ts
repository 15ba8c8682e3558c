import { expect, it } from 'vitest';
import { OUT } from '../../test/contract/proc-host.ts';
import { type TextRow, tcpText } from '../../test/contract/proc-text.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { newRow, parseRows } from './proc-rows.ts';
import { ProcTable } from './proc-table.ts';

it('looks once more for a row that the kernel skipped', () => {
  const writer = new RecordWriter();
  const table = new ProcTable(writer, 10);
  const see = (rows: TextRow[]): void => {
    const bytes = new TextEncoder().encode(tcpText(rows));
    parseRows(bytes, bytes.length, newRow(), (row) => table.see(row), expect.unreachable);
  };
  const settle = (): number => {
    writer.clear();
    for (const _ of table.settle(100)) expect.unreachable();
    return writer.count;
  };

  table.begin(1);
  see([OUT]);
  expect(table.misses).toBe(false);
  expect(settle()).toBe(1);

  table.begin(2);
  see([]);
  expect(table.misses).toBe(true);
  see([OUT]); // the second look
  expect(table.misses).toBe(false);
  expect(settle()).toBe(0);

  table.begin(3);
  see([]);
  see([]);
  expect(table.misses).toBe(true);
  expect(settle()).toBe(1); // CLOSE
  expect(table.size).toBe(0);
});
