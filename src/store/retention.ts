import type { ClickHouseClient } from '@clickhouse/client';
import { DATABASE } from './ddl.ts';
import type { Retention, StoreUse } from './messages.ts';

interface Part {
  readonly table: string;
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
  /** When its last row was told, or it was set aside, seconds since 1970. */
  readonly last: number;
  /** 1: it is broken, and was set aside. */
  readonly detached: number;
}

/**
 * What the tables take on disk. What is too old goes, and what is beyond the size, the oldest first: whole parts, each
 * when the last of it is to go. Broken ones that were set aside take room as well: beyond the size they go first. The tables have no TTL, which says of a part what was asked for when it was written.
 */
export async function bound(
  client: ClickHouseClient,
  { keepSeconds, maxBytes }: Retention,
): Promise<StoreUse> {
  const result = await client.query({
    query: `select * from (
        select table, name, bytes_on_disk as bytes, rows, toUnixTimestamp(max_time) as last, 0 as detached
        from system.parts where database = {database:String} and active
        union all
        select table, name, bytes_on_disk, 0, toUnixTimestamp(modification_time), 1
        from system.detached_parts where database = {database:String} and reason like 'broken%'
      ) order by detached desc, last`,
    query_params: { database: DATABASE },
    format: 'JSONEachRow',
  });
  const parts = await result.json<Part>();
  const from = Date.now() / 1000 - keepSeconds;
  let use = { rows: 0, bytes: 0 };
  for (const { rows, bytes } of parts) use = { rows: use.rows + rows, bytes: use.bytes + bytes };
  for (const { table, name, rows, bytes, last, detached } of parts) {
    if (use.bytes <= maxBytes && last >= from) continue;
    await client.command({
      query: `alter table ${DATABASE}.${table} drop ${detached ? 'detached ' : ''}part '${name}'${detached ? ' settings allow_drop_detached = 1' : ''}`,
    });
    use = { rows: use.rows - rows, bytes: use.bytes - bytes };
  }
  return use;
}
