import type { JsonConnection } from '../model/json.ts';
import { table } from './table.ts';

const HEADERS = ['time', 'what', 'from', 'to', 'proto', 'process', 's', 'bytes', 'state', 'name'];

/** Connections for people: one line each. */
export function connectionTable(
  connections: readonly JsonConnection[],
  withHeader: boolean,
): string {
  const text = table(HEADERS, connections.map(rowOf));
  return withHeader ? text : text.slice(text.indexOf('\n') + 1);
}

function rowOf(connection: JsonConnection): string[] {
  const { ts, src_ip, src_port, dst_ip, dst_port, proto, process, duration_s, conn_state } =
    connection;
  const bytes = (connection.orig_bytes ?? 0) + (connection.resp_bytes ?? 0);
  return [
    ts.replace('T', ' '),
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

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
