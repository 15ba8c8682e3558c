import type { JsonConnection } from '../../../src/model/json.ts';
import { bytes, duration, whole } from '../text/format.ts';

/** Slug in the glossary, word, value. */
export type Fact = readonly [slug: string, word: string, value: string];

/** What is known of a connection, by subject; what isn't known isn't there. */
export function factsOf(of: JsonConnection): (readonly [title: string, facts: readonly Fact[]])[] {
  const groups: [string, (Fact | undefined)[]][] = [
    [
      'TCP',
      [
        fact('field-duration-s', 'Duration', of.duration_s, duration),
        fact('field-rtt-us', 'Round trip', of.rtt_us, (us) => duration(us / 1e6)),
        fact('field-retransmits', 'Retransmits', of.retransmits, whole),
        fact('field-conn-state', 'conn_state', of.conn_state),
        fact('field-history', 'History', of.history),
        fact('field-end-reason', 'End', of.end_reason),
        fact('field-missed-bytes', 'Missed', of.missed_bytes, bytes),
        fact('field-out-of-order', 'Out of order', of.out_of_order, whole),
        fact('field-zero-windows', 'Zero windows', of.zero_windows, whole),
        fact('field-forms', 'Forms', of.forms?.join(', ')),
        fact('field-count', 'Attempts', of.count, whole),
      ],
    ],
    [
      'Process',
      [
        fact('field-process', 'Process', labelOf(of.process, of.pid)),
        fact('field-process-from', 'Known from', of.process_from),
        fact('field-uid', 'User', of.uid, String),
        fact('field-container', 'Container', of.container),
        fact('field-resp-pid', 'Responder', labelOf(of.resp_process, of.resp_pid)),
      ],
    ],
    [
      'Application',
      [
        fact('field-service', 'Service', of.service),
        fact('field-tls-sni', 'SNI', of.tls?.sni),
        fact('field-tls-version', 'TLS', of.tls?.version),
        fact('field-tls-cipher', 'Cipher', of.tls?.cipher),
        fact('field-tls-alpn', 'ALPN', of.tls?.alpn ?? of.tls?.offered_alpn?.join(', ')),
        fact('field-tls-ja4', 'JA4', of.tls?.ja4),
        fact('field-tls-subject', 'Certificate', of.tls?.subject),
        fact('field-http-method', 'Method', of.http?.method),
        fact('field-http-host', 'Host', of.http?.host),
        fact('field-http-target', 'Target', of.http?.target),
        fact('field-http-status', 'Status', of.http?.status, String),
        fact('field-http-user-agent', 'User agent', of.http?.user_agent),
        fact('field-http-forwarded-for', 'Forwarded for', of.http?.forwarded_for),
        fact('field-ssh-client', 'SSH client', of.ssh?.client),
        fact('field-ssh-server', 'SSH server', of.ssh?.server),
        fact('field-dns', 'DNS', of.dns?.map(dnsText).join('; ')),
        fact('field-orig-name', 'Originator', of.orig_name),
        fact('field-resp-name', 'Responder name', of.resp_name),
      ],
    ],
    [
      'Where',
      [
        fact('field-direction', 'Direction', of.direction),
        fact('field-iface', 'Interface', of.iface),
        fact('field-vlan', 'VLAN', of.vlan, String),
        fact('field-tunnel', 'Tunnel', of.tunnel),
        fact('field-proto', 'Protocol', of.proto),
        fact('field-id', 'Id', of.id),
        fact('field-community-id', 'Community ID', of.community_id),
        fact('field-host', 'Host', of.host),
      ],
    ],
  ];
  return groups
    .map(([title, facts]) => [title, facts.filter((each) => each !== undefined)] as const)
    .filter(([, facts]) => facts.length > 0);
}

function fact<T>(
  slug: string,
  word: string,
  value: T | undefined,
  say: (value: T) => string = String,
): Fact | undefined {
  if (value === undefined || value === '') return undefined;
  return [slug, word, say(value)];
}

function labelOf(name: string | undefined, pid: number | undefined): string | undefined {
  if (name === undefined && pid === undefined) return undefined;
  return `${name ?? ''}${pid === undefined ? '' : `[${pid}]`}`;
}

function dnsText({
  query,
  type,
  rcode,
  answers,
}: NonNullable<JsonConnection['dns']>[number]): string {
  return [query, type, rcode, answers?.join(' ')].filter((part) => part !== undefined).join(' ');
}
