import type { ClientHello } from './client-hello.ts';
import { Extension } from './tls-codes.ts';

/** What stands for the hash of nothing. */
const NOTHING = '000000000000';
const HASH = 12;
const COUNT_MAX = 99;

/** Bytes in hex. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

const VERSIONS: Readonly<Record<number, string>> = {
  0x0002: 's2',
  0x0300: 's3',
  0x0301: '10',
  0x0302: '11',
  0x0303: '12',
  0x0304: '13',
};

/**
 * JA4, the fingerprint of a client hello over TCP (https://github.com/FoxIO-LLC/ja4, technical_details/JA4.md): what
 * was offered, the hash of the sorted ciphers, and the hash of the sorted extensions with the signature algorithms.
 */
export function ja4(hello: ClientHello, sha256hex: (text: string) => string): string {
  const { ciphers, extensions, versions, signatureAlgorithms } = hello;
  const version = versions.length > 0 ? Math.max(...versions) : hello.legacyVersion;
  const hasName = extensions.includes(Extension.serverName);
  const a = `t${VERSIONS[version] ?? '00'}${hasName ? 'd' : 'i'}${count(ciphers)}${count(extensions)}${alpnEnds(hello.alpn[0])}`;
  const others = extensions.filter((e) => e !== Extension.serverName && e !== Extension.alpn);
  const sorted = sortedHex(others);
  const c = signatureAlgorithms.length > 0 ? `${sorted}_${hexList(signatureAlgorithms)}` : sorted;
  return `${a}_${hashOf(sortedHex(ciphers), sha256hex)}_${sorted === '' ? NOTHING : hashOf(c, sha256hex)}`;
}

function hashOf(list: string, sha256hex: (text: string) => string): string {
  return list === '' ? NOTHING : sha256hex(list).slice(0, HASH);
}

function count(list: readonly number[]): string {
  return String(Math.min(list.length, COUNT_MAX)).padStart(2, '0');
}

function sortedHex(list: readonly number[]): string {
  return hexList(Uint16Array.from(list).sort());
}

function hexList(list: ArrayLike<number>): string {
  let text = '';
  for (let i = 0; i < list.length; i++)
    text += `${i > 0 ? ',' : ''}${HEX[list[i]! >> 8]!}${HEX[list[i]! & 0xff]!}`;
  return text;
}

/** First and last character of the first protocol; of its bytes in hex when one of those two is no letter or digit. */
function alpnEnds(name: string | undefined): string {
  if (name === undefined || name === '') return '00';
  const ends = name[0]! + name.at(-1)!;
  if (/^[\da-z]{2}$/i.test(ends)) return ends;
  return HEX[name.charCodeAt(0)]![0]! + HEX[name.charCodeAt(name.length - 1)]![1]!;
}
