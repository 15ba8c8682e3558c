import { LINE_COLUMNS } from './columns.ts';

export const DATABASE = 'packetwatch';

/** What the same tables are of one host, or of a cluster: nothing else of the definition differs. */
export interface DdlOptions {
  readonly engine: 'MergeTree' | 'ReplicatedMergeTree';
  /** Rows older than this go. */
  readonly keepSeconds: number;
}

/**
 * The tables, as statements that do nothing when they are there already.
 *
 * `connections` has a row per event of a connection, in the order of time: the newest are read first and a range of
 * time is a range of the table. Who asks for one address reads, of those, only the granules that have it, by the
 * filters on addresses; who asks for one connection, by that on ids. Both find few rows in many granules, which are
 * small for that: 1,024 rows, and blocks of 8 KiB, take less than half of the CPU time of the usual ones, and 6 % more
 * disk (measured by hand).
 * Parts stay small and belong to one day, since what is to go, by age or size, goes by parts.
 * `events` has all else that is told, as it was told: there is little of it.
 */
export function ddl({ engine, keepSeconds }: DdlOptions): string[] {
  const columns = LINE_COLUMNS.map(
    ({ name, type, codec }) => `${name} ${type}${codec === undefined ? '' : ` codec(${codec})`}`,
  );
  const common = `engine = ${engine} partition by toDate(ts)`;
  const settings = `ttl ${expiry(keepSeconds)} settings ttl_only_drop_parts = 1, max_bytes_to_merge_at_max_space_in_pool = ${LARGEST_PART}`;
  return [
    `create database if not exists ${DATABASE}`,
    `create table if not exists ${DATABASE}.connections (
      ${columns.join(',\n      ')},
      id String ephemeral '',
      key UInt64 default if(id = '', ${SUM_ID}, reinterpretAsUInt64(reverse(unhex(id)))) codec(ZSTD(1)),
      index by_src src_ip type bloom_filter(0.01) granularity 1,
      index by_dst dst_ip type bloom_filter(0.01) granularity 1,
      index by_key key type bloom_filter(0.01) granularity 1
    ) ${common} order by (ts, key, event) ${settings},
      index_granularity = 1024, min_compress_block_size = 8192, max_compress_block_size = 32768`,
    `create table if not exists ${DATABASE}.events (
      ts DateTime64(6, 'UTC'), event LowCardinality(String), src_ip IPv6, dst_ip IPv6, kind LowCardinality(String),
      state LowCardinality(String), line String codec(ZSTD(3))
    ) ${common} order by (ts, event) ${settings}`,
  ];
}

/** Statements that make tables that were there already keep rows as long as is asked now. */
export function keepFor(keepSeconds: number): string[] {
  return ['connections', 'events'].map(
    (name) =>
      `alter table ${DATABASE}.${name} modify ttl ${expiry(keepSeconds)} settings materialize_ttl_after_modify = 0`,
  );
}

function expiry(keepSeconds: number): string {
  return `toDateTime(ts) + toIntervalSecond(${Math.round(keepSeconds)})`;
}

/** What isn't merged further: enough that a day has few parts, and little enough that one can go for its size. */
const LARGEST_PART = 268_435_456;

/** Attempts that the kernel summed have no id: one per second, victim and port. */
const SUM_ID = 'sipHash64(toUnixTimestamp(ts), dst_ip, dst_port, iface, direction, count)';
