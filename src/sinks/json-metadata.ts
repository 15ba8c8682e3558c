import type { JsonMetadata } from '../model/json.ts';
import type { Metadata, TlsMetadata } from '../model/metadata.ts';
import { fromBytes, safe } from './escape.ts';

/** The members `service`, `tls`, `http`, `dns`, `ssh` and names of a connection's end, with the comma before them. */
export function metadataMembers(metadata: Metadata): Uint8Array {
  return safe(JSON.stringify(jsonMetadata(metadata)).replace(/^\{/, ',').slice(0, -1));
}

function jsonMetadata(metadata: Metadata): JsonMetadata {
  const { service, tls, http, dns, ssh, origName, respName, tunnelParents } = metadata;
  return known({
    tunnel_parents: tunnelParents,
    orig_name: text(origName),
    resp_name: text(respName),
    service,
    tls: tls && tlsOf(tls),
    http:
      http &&
      known({
        method: text(http.method),
        host: text(http.host),
        target: text(http.target),
        version: text(http.version),
        user_agent: text(http.userAgent),
        forwarded_for: text(http.forwardedFor),
        forwarded: text(http.forwarded),
        status: http.status,
      }),
    dns: dns?.map(({ id, query, type, rcode, answers }) =>
      known({ id, query: fromBytes(query), type, rcode, answers: answers?.map(fromBytes) }),
    ),
    ssh: ssh && known({ client: text(ssh.client), server: text(ssh.server) }),
  });
}

function tlsOf(tls: TlsMetadata): NonNullable<JsonMetadata['tls']> {
  return known({
    sni: text(tls.serverName),
    version: tls.version,
    cipher: tls.cipher === undefined ? undefined : `0x${tls.cipher.toString(16).padStart(4, '0')}`,
    alpn: text(tls.alpn),
    offered_versions: tls.offeredVersions,
    offered_alpn: tls.offeredAlpn?.map(fromBytes),
    ja4: tls.ja4,
    retried: tls.retried,
    subject: text(tls.subject),
    certificate_names: tls.certificateNames?.map(fromBytes),
  });
}

function text(bytes: string | undefined): string | undefined {
  return bytes === undefined ? undefined : fromBytes(bytes);
}

/** The same without the type's `undefined`: JSON leaves such members out. */
function known<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return members as { [K in keyof T]: Exclude<T[K], undefined> };
}
