import { type Entry, entries } from './entry.ts';

/** Fields of an end that the first bytes of a connection tell. */
export const METADATA_FIELDS: readonly Entry[] = entries('JSON field', [
  {
    term: 'orig_name',
    definition:
      'The name by which the address of the originator was last looked up, in DNS answers of the capture.',
    meaning: 'Whoever answers for a zone may name any address in it: it says what was asked for.',
    see: ['field-resp-name', 'field-dns'],
  },
  {
    term: 'resp_name',
    definition: 'The same of the responder: mostly the name that the connection is for.',
    see: ['field-orig-name', 'field-tls-sni'],
  },
  {
    term: 'tunnel_parents',
    definition: 'The ids of the conversations that carried its packets, at most four.',
    meaning: 'Only tunnels over UDP are conversations: IP in IP and GRE have none.',
    see: ['field-tunnel', 'zeek-tunnel-parents'],
  },
  {
    term: 'service',
    definition:
      'The protocol that the first bytes show, whatever the port: `ssl`, `ssh`, `http` or `dns`; or which packets a conversation carries: `vxlan`, `geneve`, `teredo`, `gtpv1` or `ayiya`.',
    meaning:
      'A service on a port of another one is worth a look: a tunnel, or a way around a filter.',
    see: ['zeek-service', 'field-tls', 'field-http', 'field-dns', 'field-ssh'],
  },
  {
    term: 'tls',
    definition: 'What the hello messages of TLS and the certificate show.',
    see: ['tls', 'field-tls-sni', 'field-tls-version', 'field-tls-ja4'],
  },
  {
    term: 'tls.sni',
    definition: 'The server name that the client asked for.',
    see: ['sni'],
    source: 'RFC 6066, 3',
  },
  {
    term: 'tls.version',
    definition: 'The version that the server chose.',
    meaning: 'Below TLSv12 it is deprecated.',
    action: 'Update the end that offers no more; offered_versions shows the client.',
    see: ['tls', 'field-tls-offered-versions'],
    source: 'RFC 8996',
  },
  {
    term: 'tls.cipher',
    definition: 'The cipher suite that the server chose, by its IANA number.',
    see: ['tls'],
  },
  {
    term: 'tls.alpn',
    definition: 'The protocol inside of TLS that the server chose, where it is not encrypted.',
    see: ['alpn'],
    source: 'RFC 7301',
  },
  {
    term: 'tls.offered_versions',
    definition: 'The versions that the client offered, in its order.',
    see: ['field-tls-version'],
  },
  {
    term: 'tls.offered_alpn',
    definition: 'The protocols that the client offered, in its order.',
    see: ['alpn'],
  },
  { term: 'tls.ja4', definition: 'The fingerprint of the client hello.', see: ['ja4'] },
  {
    term: 'tls.retried',
    definition: 'The server asked for another client hello.',
    meaning: 'One round trip more: the client guessed a key share that the server does not take.',
    see: ['tls'],
    source: 'RFC 8446, 4.1.4',
  },
  {
    term: 'tls.subject',
    definition: "The common name of the server's certificate, up to TLS 1.2.",
    see: ['field-tls-certificate-names'],
  },
  {
    term: 'tls.certificate_names',
    definition: "The DNS names of the server's certificate, up to TLS 1.2.",
    meaning: 'When tls.sni is none of them, clients refuse it.',
    see: ['sni'],
    source: 'RFC 5280, 4.2.1.6',
  },
  {
    term: 'http',
    definition: 'What the first request and the first response show, of HTTP/1.',
    see: ['http', 'field-http-method', 'field-http-status'],
  },
  {
    term: 'http.method',
    definition: 'The method of the request, such as GET.',
    see: ['http'],
    source: 'RFC 9110, 9',
  },
  {
    term: 'http.host',
    definition: 'The host that the request asks for.',
    see: ['http'],
    source: 'RFC 9110, 7.2',
  },
  {
    term: 'http.target',
    definition: 'What the request asks for: path and query, or a whole URL to a proxy.',
    see: ['forward-proxy'],
    source: 'RFC 9112, 3.2',
  },
  { term: 'http.version', definition: 'The version of the request, 1.0 or 1.1.', see: ['http'] },
  {
    term: 'http.user_agent',
    definition: 'The program that the request says it is of.',
    meaning: 'Anybody can write it: tls.ja4 is harder to forge.',
    see: ['ja4'],
  },
  {
    term: 'http.forwarded_for',
    definition: 'The X-Forwarded-For field of the request.',
    see: ['x-forwarded-for'],
  },
  {
    term: 'http.forwarded',
    definition: 'The Forwarded field of the request.',
    see: ['x-forwarded-for'],
    source: 'RFC 7239',
  },
  {
    term: 'http.status',
    definition: 'The status of the response.',
    see: ['http-status', 'alarm-5xx'],
    source: 'RFC 9110, 15',
  },
  {
    term: 'dns',
    definition: 'The first questions and their answers.',
    see: ['dns', 'field-dns-query', 'field-dns-rcode'],
  },
  {
    term: 'dns.id',
    definition: 'The number that joins an answer to its question.',
    meaning: 'A forger has to guess it, and the port.',
    see: ['dns'],
    source: 'RFC 1035, 4.1.1; RFC 5452',
  },
  { term: 'dns.query', definition: 'The name that was asked for.', see: ['dns'] },
  {
    term: 'dns.type',
    definition: 'What was asked for of the name: A, AAAA, MX and so on.',
    see: ['dns'],
  },
  {
    term: 'dns.rcode',
    definition: 'The outcome: NOERROR, NXDOMAIN (no such name), SERVFAIL, REFUSED.',
    action:
      'SERVFAIL: the resolver got no good answer, see its log; NXDOMAIN in great number: a name that is misspelled, or malware that guesses.',
    see: ['dns', 'resolver-settings'],
    source: 'RFC 1035, 4.1.1',
  },
  {
    term: 'dns.answers',
    definition: 'The addresses and canonical names of the answer.',
    see: ['dns'],
  },
  {
    term: 'ssh',
    definition: 'What both ends of an SSH connection say they are.',
    see: ['field-ssh-client', 'field-ssh-server'],
    source: 'RFC 4253, 4.2',
  },
  {
    term: 'ssh.client',
    definition: 'The identification string of the client.',
    meaning: 'Libraries of scripts and scanners name themselves there.',
    see: ['field-ssh'],
  },
  {
    term: 'ssh.server',
    definition: 'The identification string of the server, with its version.',
    see: ['field-ssh'],
  },
]);
