/** Types of TLS records (RFC 8446 5.1). */
export const Content = { alert: 21, handshake: 22 } as const;

/** Types of handshake messages (RFC 8446 4, RFC 5246 7.4, RFC 4680). */
export const Handshake = {
  clientHello: 1,
  serverHello: 2,
  certificate: 11,
  supplementalData: 23,
} as const;

/** Types of extensions (IANA, TLS ExtensionType Values). */
export const Extension = {
  serverName: 0,
  signatureAlgorithms: 13,
  alpn: 16,
  supportedVersions: 43,
} as const;

export const TLS_1_3 = 0x0304;

/** Drafts of TLS 1.3 say their number in the lower byte. */
const DRAFT = 0x7f00;

const VERSIONS: Readonly<Record<number, string>> = {
  0x0002: 'SSLv2',
  0x0300: 'SSLv3',
  0x0301: 'TLSv10',
  0x0302: 'TLSv11',
  0x0303: 'TLSv12',
  0x0304: 'TLSv13',
};

/** A version's name in Zeek's ssl.log. */
export function versionName(version: number): string {
  if ((version & 0xff00) === DRAFT) return `TLSv13-draft${version & 0xff}`;
  return VERSIONS[version] ?? `unknown-${version}`;
}

/** Values that stand for nothing, so that servers stay used to new ones (RFC 8701). */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}
