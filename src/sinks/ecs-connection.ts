import { isIP } from 'node:net';
import type { JsonConnection } from '../model/json.ts';
import { ifAny, protocolNumber, sum, without } from './mapped-lines.ts';

/** A `connection.*` event as the Elastic Common Schema names it. */
export function ecsConnection(connection: JsonConnection): object {
  const { src_ip, src_port, dst_ip, dst_port, pid, uid, container } = connection;
  return {
    event: eventOf(connection),
    source: ifAny({
      ip: src_ip,
      address: src_ip,
      port: src_port,
      bytes: connection.orig_bytes,
      packets: connection.orig_packets,
    }),
    destination: {
      ip: dst_ip,
      address: dst_ip,
      port: dst_port,
      bytes: connection.resp_bytes,
      packets: connection.resp_packets,
    },
    network: networkOf(connection),
    process: pid === undefined ? undefined : { pid, name: connection.process },
    user: uid === undefined ? undefined : { id: String(uid) },
    container: container === undefined ? undefined : { id: container },
    error: connection.error === undefined ? undefined : { code: connection.error },
    tls: connection.tls && tlsOf(connection.tls),
    http: connection.http && httpOf(connection.http),
    ...urlOf(connection),
    dns: dnsOf(connection),
    related: relatedOf(connection),
    packetwatch: ifAny(restOf(connection)),
  };
}

const TYPES: Readonly<Record<string, string[]>> = {
  'connection.attempt': ['connection'],
  'connection.open': ['connection', 'start'],
};

function eventOf({ event, outcome, ...connection }: JsonConnection): object {
  const { start_ts, duration_s, end_reason } = connection;
  const result = outcome ?? (event === 'connection.open' ? 'ok' : undefined);
  const failed = result === undefined ? 'unknown' : 'failure';
  return {
    kind: 'event',
    category: ['network'],
    type: TYPES[event] ?? ['connection', 'end'],
    action: event,
    outcome: result === 'ok' ? 'success' : failed,
    module: 'packetwatch',
    dataset: 'packetwatch.connection',
    start: start_ts,
    end: outcome === undefined ? undefined : connection.ts,
    duration: duration_s === undefined ? undefined : Math.round(duration_s * 1e9),
    reason: end_reason ?? (result === 'ok' ? undefined : outcome),
  };
}

/** From this host's point of view. */
const DIRECTIONS = {
  inbound: 'ingress',
  outbound: 'egress',
  local: 'internal',
  forwarded: 'unknown',
  unknown: 'unknown',
} as const;

function networkOf(connection: JsonConnection): object {
  const { proto, dst_ip, orig_bytes, resp_bytes, service, vlan, http } = connection;
  const isIpv6 = dst_ip.includes(':');
  const forwarded = http?.forwarded_for?.split(',')[0]?.trim() ?? '';
  return {
    transport: proto === 'icmp' && isIpv6 ? 'ipv6-icmp' : proto,
    iana_number: String(protocolNumber(proto, isIpv6)),
    type: isIpv6 ? 'ipv6' : 'ipv4',
    direction: DIRECTIONS[connection.direction],
    community_id: connection.community_id,
    bytes: sum(orig_bytes, resp_bytes),
    packets: sum(connection.orig_packets, connection.resp_packets),
    protocol: service === 'ssl' ? 'tls' : service,
    vlan: vlan === undefined ? undefined : { id: String(vlan) },
    forwarded_ip: isIP(forwarded) === 0 ? undefined : forwarded,
  };
}

function tlsOf(tls: NonNullable<JsonConnection['tls']>): object {
  const [, major, minor] = /^TLSv(\d)(\d)$/.exec(tls.version ?? '') ?? [];
  return {
    version: major === undefined ? undefined : `${major}.${minor}`,
    version_protocol: major === undefined ? undefined : 'tls',
    cipher: tls.cipher,
    next_protocol: tls.alpn,
    client: ifAny({ server_name: tls.sni }),
    server: ifAny({ subject: tls.subject }),
  };
}

function httpOf({ method, status, version }: NonNullable<JsonConnection['http']>): object {
  return {
    version,
    request: ifAny({ method }),
    response: ifAny({ status_code: status }),
  };
}

function urlOf({ http }: JsonConnection): object {
  return {
    url: ifAny({ original: http?.target, domain: http?.host }),
    user_agent: ifAny({ original: http?.user_agent }),
  };
}

/** The schema has room for one question; the others are in `packetwatch`. */
function dnsOf({ dns }: JsonConnection): object | undefined {
  const [first] = dns ?? [];
  if (!first) return undefined;
  const { id, query, type, rcode, answers } = first;
  return {
    type: rcode === undefined ? 'query' : 'answer',
    id: String(id),
    question: { name: query, type },
    response_code: rcode,
    answers: answers?.map((data) => ({ data })),
    resolved_ip: answers?.filter((data) => isIP(data) !== 0),
  };
}

function relatedOf({ src_ip, dst_ip, tls, http, dns }: JsonConnection): object {
  const hosts = [tls?.sni, http?.host, ...(dns ?? []).map(({ query }) => query)];
  const named = hosts.filter((host) => host !== undefined && host !== '');
  return {
    ip: src_ip === undefined ? [dst_ip] : [src_ip, dst_ip],
    hosts: named.length === 0 ? undefined : [...new Set(named)],
  };
}

/** What the schema has no field for, by our own names. */
function restOf(connection: JsonConnection): object {
  const { tls, http, dns } = connection;
  const rest = without(connection, MAPPED);
  if (tls) rest['tls'] = ifAny(without(tls, MAPPED_TLS));
  if (http) rest['http'] = ifAny(without(http, MAPPED_HTTP));
  if (dns && dns.length > 1) rest['dns'] = dns;
  return rest;
}

const MAPPED: ReadonlySet<string> = new Set([
  'ts',
  'event',
  'host',
  'src_ip',
  'src_port',
  'dst_ip',
  'dst_port',
  'proto',
  'direction',
  'community_id',
  'pid',
  'process',
  'uid',
  'container',
  'error',
  'start_ts',
  'duration_s',
  'orig_bytes',
  'resp_bytes',
  'orig_packets',
  'resp_packets',
  'end_reason',
  'vlan',
  'service',
  'tls',
  'http',
  'dns',
]);
const MAPPED_TLS: ReadonlySet<string> = new Set(['sni', 'version', 'cipher', 'alpn', 'subject']);
const MAPPED_HTTP: ReadonlySet<string> = new Set([
  'method',
  'host',
  'target',
  'version',
  'user_agent',
  'status',
]);
