import { DIRECTIONS, EVENT_NAMES, OUTCOMES } from '../model/events.ts';

/**
 * The columns of `connections`. Each that a line of `-o json` has is named as there; what a line hasn't is null, or
 * empty where that says as much. Addresses are of 16 bytes, IPv4 as ::ffff:a.b.c.d, so that one column holds both.
 */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly codec?: string;
}

/** Few different ones: names of interfaces, processes and the like. */
const LOW_TEXT = 'LowCardinality(String)';

/** What of a line is in a column of its own, in the order of the line's fields. */
export const LINE_COLUMNS: readonly Column[] = [
  { name: 'ts', type: "DateTime64(6, 'UTC')", codec: 'DoubleDelta, ZSTD(1)' },
  { name: 'event', type: enumOf(EVENT_NAMES.filter((name) => name.startsWith('connection.'))) },
  { name: 'src_ip', type: 'IPv6', codec: 'ZSTD(1)' },
  { name: 'src_port', type: 'UInt16', codec: 'ZSTD(1)' },
  { name: 'dst_ip', type: 'IPv6', codec: 'ZSTD(1)' },
  { name: 'dst_port', type: 'UInt16', codec: 'ZSTD(1)' },
  { name: 'proto', type: enumOf(['tcp', 'udp', 'icmp']) },
  { name: 'iface', type: LOW_TEXT },
  { name: 'direction', type: enumOf(DIRECTIONS) },
  { name: 'community_id', type: 'String', codec: 'ZSTD(1)' },
  ...processColumns(''),
  ...processColumns('resp_'),
  { name: 'host', type: LOW_TEXT },
  { name: 'outcome', type: enumOf(OUTCOMES) },
  { name: 'error', type: LOW_TEXT },
  { name: 'start_ts', type: "Nullable(DateTime64(6, 'UTC'))", codec: 'ZSTD(1)' },
  { name: 'duration_s', type: 'Nullable(Float64)', codec: 'ZSTD(1)' },
  ...numbers('UInt64', 'orig_bytes', 'resp_bytes'),
  { name: 'conn_state', type: LOW_TEXT },
  ...numbers('UInt32', 'rtt_us', 'retransmits', 'count', 'refused'),
  { name: 'history', type: LOW_TEXT },
  ...numbers('UInt64', 'orig_packets', 'resp_packets', 'orig_ip_bytes', 'resp_ip_bytes'),
  ...numbers('UInt64', 'missed_bytes', 'out_of_order', 'duplicate_acks', 'zero_windows'),
  { name: 'end_reason', type: LOW_TEXT },
  { name: 'forms', type: 'Array(LowCardinality(String))' },
  ...numbers('UInt16', 'vlan'),
  { name: 'tunnel', type: LOW_TEXT },
  ...numbers('UInt8', 'tunnel_depth'),
  { name: 'orig_name', type: 'String', codec: 'ZSTD(1)' },
  { name: 'resp_name', type: 'String', codec: 'ZSTD(1)' },
  { name: 'service', type: LOW_TEXT },
  ...['tls', 'http', 'dns', 'ssh'].map((name) => ({ name, type: 'String', codec: 'ZSTD(3)' })),
];

/** As the line has them: objects and lists. */
export const JSON_COLUMNS: ReadonlySet<string> = new Set(['tls', 'http', 'dns', 'ssh']);

function enumOf(names: readonly string[]): string {
  return `Enum8(${names.map((name, code) => `'${name}' = ${code}`).join(', ')})`;
}

function numbers(type: string, ...names: readonly string[]): Column[] {
  return names.map((name) => ({ name, type: `Nullable(${type})`, codec: 'ZSTD(1)' }));
}

function processColumns(prefix: string): Column[] {
  return [
    ...numbers('UInt32', `${prefix}pid`),
    { name: `${prefix}process`, type: LOW_TEXT },
    { name: `${prefix}process_from`, type: LOW_TEXT },
    ...numbers('UInt32', `${prefix}uid`),
    { name: `${prefix}container`, type: LOW_TEXT },
  ];
}
