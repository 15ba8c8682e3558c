/**
 * What the first bytes of a connection say about its application.
 *
 * Text is as the peer sent it, one character for each byte (U+0000 to U+00FF): nothing is decoded, lower-cased or made
 * safe, so whoever prints it escapes it. Every text and list is bounded; what is longer is cut there.
 */

/** Names as in the `service` of Zeek's conn.log; the latter ones carry packets of other connections. */
export const SERVICES = [
  'ssl',
  'ssh',
  'http',
  'dns',
  'vxlan',
  'geneve',
  'teredo',
  'gtpv1',
  'ayiya',
] as const;
export type Service = (typeof SERVICES)[number];

export interface Metadata {
  service?: Service;
  tls?: TlsMetadata;
  ssh?: SshMetadata;
  http?: HttpMetadata;
  /** The first questions of the connection, in their order. */
  dns?: DnsExchange[];
  /** The names by which the addresses of originator and responder were looked up last. */
  origName?: string;
  respName?: string;
  /** The ids of the conversations that carried its packets: the first four, the outermost first. */
  tunnelParents?: string[];
}

/** Of the first client hello, the server hello and, up to TLS 1.2, the server's certificate. */
export interface TlsMetadata {
  /** The server that the client asks for (SNI, RFC 6066 3). */
  serverName?: string;
  /** Versions that the client offers, in its order, named as in Zeek's ssl.log (`TLSv13`). */
  offeredVersions?: string[];
  /** Application protocols that the client offers, in its order (ALPN, RFC 7301). */
  offeredAlpn?: string[];
  /** JA4 fingerprint of the client hello. */
  ja4?: string;
  /** The version that the server chose. */
  version?: string;
  /** The cipher suite that the server chose, by its IANA number. */
  cipher?: number;
  /** The application protocol that the server chose, where that isn't encrypted. */
  alpn?: string;
  /** The server asked for another client hello first (HelloRetryRequest, RFC 8446 4.1.4). */
  retried?: true;
  /** Common name of the server's certificate. */
  subject?: string;
  /** Its DNS names (subjectAltName, RFC 5280 4.2.1.6). */
  certificateNames?: string[];
}

/** Identification strings (RFC 4253 4.2), without the end of the line. */
export interface SshMetadata {
  client?: string;
  server?: string;
}

/** Of the first request and of the first response that isn't interim (RFC 9112). */
export interface HttpMetadata {
  method?: string;
  /** In whichever of the four forms it was sent. */
  target?: string;
  /** Of the request, such as `1.1`. */
  version?: string;
  /** Of a target in absolute or authority form, else of the Host field (RFC 9112 3.3). */
  host?: string;
  userAgent?: string;
  /** X-Forwarded-For; several fields are joined by `, `. */
  forwardedFor?: string;
  /** Forwarded (RFC 7239); several fields are joined by `, `. */
  forwarded?: string;
  status?: number;
}

/** One question, and the answer to it if that was seen. */
export interface DnsExchange {
  id: number;
  /** Labels joined by dots; a dot or backslash within one has a backslash before it (RFC 4343 2.1). */
  query: string;
  /** Such as `AAAA`, or `TYPE65280` (RFC 3597 5). */
  type: string;
  /** Such as `NXDOMAIN`; absent without an answer. */
  rcode?: string;
  /** Addresses and canonical names, in the order of the answer. */
  answers?: string[];
}
