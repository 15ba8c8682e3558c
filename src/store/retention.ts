import type { ClickHouseClient } from '@clickhouse/client';
import { DATABASE } from './ddl.ts';
import type { StoreUse } from './messages.ts';

interface Part {
  readonly table: string;
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
}

/**
 * What the tables take on disk; what is beyond `maxBytes` goes, the oldest parts first. What is too old goes by the
 * tables' TTL.
 */
export async function bound(client: ClickHouseClient, maxBytes: number): Promise<StoreUse> {
  const result = await client.query({
    query: `select table, name, bytes_on_disk as bytes, rows from system.parts
      where database = {database:String} and active order by max_time`,
    query_params: { database: DATABASE },
    format: 'JSONEachRow',
  });
  const parts = await result.json<Part>();
  let use = { rows: 0, bytes: 0 };
  for (const { rows, bytes } of parts) use = { rows: use.rows + rows, bytes: use.bytes + bytes };
  for (const { table, name, rows, bytes } of parts) {
    if (use.bytes <= maxBytes) break;
    await client.command({ query: `alter table ${DATABASE}.${table} drop part '${name}'` });
    use = { rows: use.rows - rows, bytes: use.bytes - bytes };
  }
  return use;
}
