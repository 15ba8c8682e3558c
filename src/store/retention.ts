import type { ClickHouseClient } from '@clickhouse/client';
import { DATABASE } from './ddl.ts';
import type { Retention, StoreUse } from './messages.ts';

interface Part {
  readonly table: string;
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
  /** Of its last row, seconds since 1970. */
  readonly last: number;
}

/**
 * What the tables take on disk. What is too old goes, and what is beyond the size, the oldest first: whole parts, each
 * when the last of it is to go. The tables have no TTL, which says of a part what was asked for when it was written.
 */
export async function bound(
  client: ClickHouseClient,
  { keepSeconds, maxBytes }: Retention,
): Promise<StoreUse> {
  const result = await client.query({
    query: `select table, name, bytes_on_disk as bytes, rows, toUnixTimestamp(max_time) as last from system.parts
      where database = {database:String} and active order by max_time`,
    query_params: { database: DATABASE },
    format: 'JSONEachRow',
  });
  const parts = await result.json<Part>();
  const from = Date.now() / 1000 - keepSeconds;
  let use = { rows: 0, bytes: 0 };
  for (const { rows, bytes } of parts) use = { rows: use.rows + rows, bytes: use.bytes + bytes };
  for (const { table, name, rows, bytes, last } of parts) {
    if (use.bytes <= maxBytes && last >= from) break;
    await client.command({ query: `alter table ${DATABASE}.${table} drop part '${name}'` });
    use = { rows: use.rows - rows, bytes: use.bytes - bytes };
  }
  return use;
}
