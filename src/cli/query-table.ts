import type { KnownBlock, KnownScan } from '../model/history.ts';
import type { JsonConnection } from '../model/json.ts';
import { table } from './table.ts';

/** A table for people: one line each. */
export interface Form<One> {
  readonly headers: readonly string[];
  readonly row: (one: One) => string[];
}

export const CONNECTION_FORM: Form<JsonConnection> = {
  headers: ['time', 'what', 'from', 'to', 'proto', 'process', 's', 'bytes', 'state', 'name'],
  row: connectionRow,
};

export const SCAN_FORM: Form<KnownScan> = {
  headers: ['time', 'state', 'kind', 'from', 'to', 'began', 'blocked', 'ports'],
  row: scanRow,
};

export const BLOCK_FORM: Form<KnownBlock> = {
  headers: ['began', 'from', 'why', 'for', 'end', 'ended', 'of', 'ports'],
  row: blockRow,
};

export function tableOf<One>(
  { headers, row }: Form<One>,
  all: readonly One[],
  withHeader: boolean,
): string {
  const text = table(headers, all.map(row));
  return withHeader ? text : text.slice(text.indexOf('\n') + 1);
}

function connectionRow(connection: JsonConnection): string[] {
  const { ts, src_ip, src_port, dst_ip, dst_port, proto, process, duration_s, conn_state } =
    connection;
  const bytes = (connection.orig_bytes ?? 0) + (connection.resp_bytes ?? 0);
  return [
    timeText(ts),
    connection.outcome ?? connection.event.replace('connection.', ''),
    src_ip === undefined ? `${connection.count} attempts` : endpoint(src_ip, src_port ?? 0),
    endpoint(dst_ip, dst_port),
    proto,
    process ?? '',
    duration_s === undefined ? '' : duration_s.toFixed(3),
    connection.orig_bytes === undefined ? '' : String(bytes),
    conn_state ?? '',
    connection.tls?.sni ?? connection.http?.host ?? connection.resp_name ?? '',
  ];
}

function scanRow({ ts, state, kind, src_ip, dst_ip, first, ports, evidence }: KnownScan): string[] {
  const { blocked, spared, port_count } = evidence;
  return [
    timeText(ts),
    state,
    kind,
    src_ip,
    dst_ip,
    first ? timeText(first.ts) : '',
    blocked ? 'yes' : spared ? 'spared' : 'no',
    portsText(ports, port_count),
  ];
}

function blockRow({ ts, src_ip, prefix_len, reason, until_ts, end, end_ts, scan }: KnownBlock) {
  return [
    timeText(ts),
    prefix_len === undefined ? src_ip : `${src_ip}/${prefix_len}`,
    scan ? `${scan.kind} scan` : (reason ?? ''),
    until_ts === undefined
      ? 'ever'
      : `${Math.round((Date.parse(until_ts) - Date.parse(ts)) / 1000)}s`,
    end ?? 'in force',
    end_ts === undefined ? '' : timeText(end_ts),
    scan?.dst_ip ?? '',
    scan ? portsText(scan.ports, scan.evidence.port_count) : '',
  ];
}

/** So many are told one by one: a line must stay one. */
const MAX_PORTS = 8;

function portsText(ports: readonly number[], all: number): string {
  const some = ports.slice(0, MAX_PORTS);
  return `${some.join(',')}${all > some.length ? ` and ${all - some.length} more` : ''}`;
}

function timeText(ts: string): string {
  return ts.replace('T', ' ');
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
