import { LINE_COLUMNS } from './columns.ts';

export const DATABASE = 'packetwatch';

/** How long rows of all peers stand together, as an expression over a time. */
export function spanOf(time: string): string {
  return `toStartOfFiveMinutes(${time})`;
}

/** Where a row of `connections` stands: its five minutes, whom this host talked to, when, of which connection, and what. */
export const PLACE: string = `${spanOf('ts')}, if(direction = 'outbound', dst_ip, src_ip), ts, key, event`;

/**
 * The tables, as statements that do nothing when they are there already.
 *
 * `connections` has a row per event of a connection, in the order of PLACE: within five minutes those of one peer stand
 * together. So what is asked of one address in an hour is a granule or two of each five minutes, which the filters on
 * addresses find, instead of some rows of nearly all granules: that takes half of the CPU time, or a third, that it takes
 * in the order of time alone. Of connections that last for more than a moment it takes a third less disk, too, since
 * their events are neighbours; times that come evenly take more (all measured by hand). What is asked of no address
 * reads five minutes at a time. Who asks for one connection reads the granules that have it, by the filter on ids.
 * Granules are small for that: 1,024 rows, and blocks of 8 KiB.
 * Parts stay small and belong to one day, since what is to go, by age or size, goes by parts.
 * `events` has all else that is told, as it was told: there is little of it.
 */
export function ddl(): string[] {
  const columns = LINE_COLUMNS.map(
    ({ name, type, codec }) => `${name} ${type}${codec === undefined ? '' : ` codec(${codec})`}`,
  );
  const common = 'engine = MergeTree partition by toDate(ts)';
  const settings = `settings max_bytes_to_merge_at_max_space_in_pool = ${LARGEST_PART}`;
  return [
    `create database if not exists ${DATABASE}`,
    `create table if not exists ${DATABASE}.connections (
      ${columns.join(',\n      ')},
      id String ephemeral '',
      key UInt64 default if(id = '', ${SUM_ID}, reinterpretAsUInt64(reverse(unhex(id)))) codec(ZSTD(1)),
      index by_src src_ip type bloom_filter(0.001) granularity 1,
      index by_dst dst_ip type bloom_filter(0.001) granularity 1,
      index by_key key type bloom_filter(0.01) granularity 1
    ) ${common} order by (${PLACE}) ${settings},
      index_granularity = 1024, min_compress_block_size = 8192, max_compress_block_size = 32768`,
    `create table if not exists ${DATABASE}.events (
      ts DateTime64(6, 'UTC'), event LowCardinality(String), src_ip IPv6, dst_ip IPv6, kind LowCardinality(String),
      state LowCardinality(String), line String codec(ZSTD(3))
    ) ${common} order by (ts, event) ${settings}`,
  ];
}

/** What isn't merged further: enough that a day has few parts, and little enough that one can go for its size. */
const LARGEST_PART = 268_435_456;

/** Attempts that the kernel summed have no id: one per second, victim and port. */
const SUM_ID = 'sipHash64(toUnixTimestamp(ts), dst_ip, dst_port, iface, direction, count)';
