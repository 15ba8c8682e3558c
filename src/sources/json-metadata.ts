import {
  type DnsExchange,
  type Metadata,
  type Service,
  SERVICES,
  type TlsMetadata,
} from '../model/metadata.ts';
import { countOf, type Fields, fieldsOf, textOf, textsOf } from './json-fields.ts';

/** As many as are told of a connection. */
const MOST_EXCHANGES = 16;
const TARGET_MAX = 1024;

const KNOWN: ReadonlySet<unknown> = new Set<Service>(SERVICES);
const MOST_PARENTS = 4;
const ID = /^[0-9a-f]{16}$/;

/** What a connection said of itself, from its line (docs/events.schema.json); undefined: the line doesn't tell. */
export function metadataOf(line: Fields): Metadata | undefined {
  const { service } = line;
  const tls = fieldsOf(line['tls']);
  const http = fieldsOf(line['http']);
  const ssh = fieldsOf(line['ssh']);
  const dns = Array.isArray(line['dns']) ? line['dns'] : undefined;
  const metadata = known<Metadata>({
    service: KNOWN.has(service) ? (service as Service) : undefined,
    tunnelParents: textsOf(line['tunnel_parents'])
      ?.filter((id) => ID.test(id))
      .slice(0, MOST_PARENTS),
    tls: tls && tlsOf(tls),
    http: http && {
      ...known({
        method: bytesOf(http['method']),
        host: bytesOf(http['host']),
        target: bytesOf(http['target'], TARGET_MAX),
        version: bytesOf(http['version']),
        userAgent: bytesOf(http['user_agent']),
        forwardedFor: bytesOf(http['forwarded_for']),
        forwarded: bytesOf(http['forwarded']),
        status: countOf(http['status'], 999),
      }),
    },
    dns: dns?.slice(0, MOST_EXCHANGES).flatMap((each) => exchangeOf(fieldsOf(each) ?? {}) ?? []),
    ssh: ssh && known({ client: bytesOf(ssh['client']), server: bytesOf(ssh['server']) }),
  });
  return Object.keys(metadata).length === 0 ? undefined : metadata;
}

function tlsOf(tls: Fields): TlsMetadata {
  const cipher = /^0x([0-9a-f]{1,4})$/.exec(textOf(tls['cipher']) ?? '')?.[1];
  return known<TlsMetadata>({
    serverName: bytesOf(tls['sni']),
    version: bytesOf(tls['version']),
    cipher: cipher === undefined ? undefined : Number.parseInt(cipher, 16),
    alpn: bytesOf(tls['alpn']),
    offeredVersions: listOf(tls['offered_versions']),
    offeredAlpn: listOf(tls['offered_alpn']),
    ja4: bytesOf(tls['ja4']),
    retried: tls['retried'] === true ? true : undefined,
    subject: bytesOf(tls['subject']),
    certificateNames: listOf(tls['certificate_names']),
  });
}

function exchangeOf(dns: Fields): DnsExchange | undefined {
  const id = countOf(dns['id'], 0xffff);
  const query = bytesOf(dns['query']);
  const type = bytesOf(dns['type']);
  if (id === undefined || query === undefined || type === undefined) return undefined;
  return known<DnsExchange>({
    id,
    query,
    type,
    rcode: bytesOf(dns['rcode']),
    answers: listOf(dns['answers']),
  });
}

/** Text with one character for each byte of its UTF-8, as metadata has it. */
function bytesOf(value: unknown, most = 255): string | undefined {
  const text = textOf(value, most);
  return text === undefined ? undefined : Buffer.from(text).toString('latin1').slice(0, most);
}

function listOf(value: unknown): string[] | undefined {
  return textsOf(value)?.flatMap((text) => bytesOf(text) ?? []);
}

/** The members that have a value. */
function known<T extends object>(members: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as T;
}
