import type { JsonConnection } from '../model/json.ts';
import { ifAny, protocolNumber, sum, without } from './mapped-lines.ts';
import { milliseconds, type OcsfEvent, Severity } from './ocsf-event.ts';

/** Network Activity; attempts are none of its own activities. */
const ACTIVITIES = {
  'connection.attempt': 99,
  'connection.open': 1,
  'connection.close': 2,
  'connection.reset': 3,
  'connection.timeout': 4,
  'connection.refused': 5,
} as const;

/** A `connection.*` event as OCSF names it. */
export function ocsfConnection(connection: JsonConnection): OcsfEvent {
  const { event, src_ip, src_port, dst_ip, dst_port, iface, direction } = connection;
  const { vlan, service, tls, outcome, error, count, pid } = connection;
  const isOutbound = direction === 'outbound' || direction === 'local';
  const own = { interface_name: iface, vlan_uid: vlan === undefined ? undefined : String(vlan) };
  return {
    category_uid: 4,
    class_uid: 4001,
    activity_id: ACTIVITIES[event],
    activity_name: event === 'connection.attempt' ? 'Attempt' : undefined,
    severity_id: Severity.informational,
    status_id: statusOf(connection),
    status_code: error ?? outcome,
    count,
    src_endpoint:
      src_ip === undefined ? undefined : { ip: src_ip, port: src_port, ...(isOutbound ? own : {}) },
    dst_endpoint: { ip: dst_ip, port: dst_port, ...(isOutbound ? {} : own) },
    connection_info: connectionInfo(connection),
    traffic: trafficOf(connection),
    actor: pid === undefined ? undefined : { process: processOf(connection, pid) },
    app_protocol_name: service === 'ssl' ? 'tls' : service,
    tls: tls && tlsOf(tls),
    ja4_fingerprint_list: tls?.ja4 === undefined ? undefined : [{ type_id: 1, value: tls.ja4 }],
    url: urlOf(connection),
    unmapped: ifAny(restOf(connection)),
  };
}

/** Unknown, success, failure. */
function statusOf({ event, outcome }: JsonConnection): 0 | 1 | 2 {
  if (event === 'connection.attempt') return 0;
  return event === 'connection.open' || outcome === 'ok' ? 1 : 2;
}

/** Those that OCSF has no number for are 99, with the name. */
const DIRECTIONS = {
  unknown: { direction_id: 0 },
  inbound: { direction_id: 1 },
  outbound: { direction_id: 2 },
  local: { direction_id: 4 },
  forwarded: { direction_id: 99, direction: 'Forwarded' },
} as const;

function connectionInfo(connection: JsonConnection): object {
  const { id, proto, dst_ip, history, community_id, direction } = connection;
  const isIpv6 = dst_ip.includes(':');
  return {
    uid: id,
    ...DIRECTIONS[direction],
    protocol_num: protocolNumber(proto, isIpv6),
    protocol_name: proto,
    protocol_ver_id: isIpv6 ? 6 : 4,
    community_uid: community_id,
    flag_history: history,
  };
}

/** Out is from the originator to the responder. */
function trafficOf(connection: JsonConnection): object | undefined {
  const { orig_bytes, resp_bytes, orig_packets, resp_packets, start_ts, outcome } = connection;
  if (outcome === undefined) return undefined;
  return ifAny({
    bytes: sum(orig_bytes, resp_bytes),
    bytes_out: orig_bytes,
    bytes_in: resp_bytes,
    bytes_missed: connection.missed_bytes,
    packets: sum(orig_packets, resp_packets),
    packets_out: orig_packets,
    packets_in: resp_packets,
    start_time: start_ts === undefined ? undefined : milliseconds(start_ts),
    end_time: milliseconds(connection.ts),
  });
}

function processOf({ process, uid, container }: JsonConnection, pid: number): object {
  return {
    pid,
    name: process,
    user: uid === undefined ? undefined : { uid: String(uid) },
    container: container === undefined ? undefined : { uid: container },
  };
}

function tlsOf(tls: NonNullable<JsonConnection['tls']>): object {
  const { version, sni, cipher, certificate_names } = tls;
  return {
    version: version ?? 'unknown',
    sni,
    cipher,
    sans: certificate_names?.map((name) => ({ name, type: 'DNS' })),
  };
}

function urlOf({ http }: JsonConnection): object | undefined {
  return http?.target === undefined
    ? undefined
    : { url_string: http.target, hostname: http.host, scheme: 'http' };
}

/** What the class has no attribute for, by our own names. */
function restOf(connection: JsonConnection): object {
  const { tls } = connection;
  const rest = without(connection, MAPPED);
  if (tls) rest['tls'] = ifAny(without(tls, MAPPED_TLS));
  return rest;
}

const MAPPED: ReadonlySet<string> = new Set([
  'ts',
  'event',
  'host',
  'id',
  'src_ip',
  'src_port',
  'dst_ip',
  'dst_port',
  'proto',
  'iface',
  'direction',
  'community_id',
  'pid',
  'process',
  'uid',
  'container',
  'outcome',
  'error',
  'start_ts',
  'orig_bytes',
  'resp_bytes',
  'orig_packets',
  'resp_packets',
  'missed_bytes',
  'history',
  'vlan',
  'service',
  'count',
  'tls',
]);
const MAPPED_TLS: ReadonlySet<string> = new Set([
  'version',
  'sni',
  'cipher',
  'ja4',
  'certificate_names',
]);
