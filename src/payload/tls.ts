import type { Metadata, TlsMetadata } from '../model/metadata.ts';
import { u16 } from '../wire/network-order.ts';
import { readCertificate } from './certificate.ts';
import { ClientHello, NAMES_MAX } from './client-hello.ts';
import { ja4 } from './ja4.ts';
import { Reading } from './reading.ts';
import { ServerHello } from './server-hello.ts';
import { Content, Handshake, TLS_1_3, versionName } from './tls-codes.ts';
import { HandshakeBytes, RECORD_MAX } from './tls-records.ts';

/** A record's header and the type of its first message, or the two bytes of an alert. */
const ENOUGH = 7;
/** All versions from SSL 3.0 on (RFC 8446 5.1); records of TLS 1.3 say 1.2. */
const MAJOR = 3;
const MINOR_MAX = 4;
const FATAL = 2;
/** Before the body of a handshake message. */
const HEADER = 4;

/** Reads what TLS says in the clear (RFC 8446, RFC 5246): the hellos, and the server's certificate up to TLS 1.2. */
export class Tls {
  readonly #sha256hex: (text: string) => string;
  readonly #handshake = new HandshakeBytes();
  readonly #client = new ClientHello();
  readonly #server = new ServerHello();

  constructor(sha256hex: (text: string) => string) {
    this.#sha256hex = sha256hex;
  }

  /** Reads the first records of a direction; whose they are is told by the first message. */
  stream(into: Metadata, bytes: Uint8Array, from: number, to: number, last: boolean): number {
    if (!isRecord(bytes, from, to)) return Reading.unlike;
    if (to - from < ENOUGH) return last ? Reading.unlike : ENOUGH;
    if (bytes[from] === Content.alert) return alert(into, bytes, from);
    const first = bytes[from + 5];
    if (first !== Handshake.clientHello && first !== Handshake.serverHello) return Reading.unlike;
    this.#handshake.read(bytes, from, to);
    const isEnd = last || this.#handshake.closed;
    return first === Handshake.clientHello
      ? this.#readClient(into, isEnd)
      : this.#readServer(into, isEnd);
  }

  #readClient(into: Metadata, isEnd: boolean): number {
    const { bytes, from, to, wanted } = this.#handshake;
    const end = messageEnd(bytes, from, to);
    if (end > to && !isEnd) return wanted;
    const hello = this.#client;
    const isWhole = hello.read(bytes, from + HEADER, Math.min(end, to)) && end <= to;
    if (hello.legacyVersion >> 8 !== MAJOR) return Reading.unlike;
    const tls = (into.tls ??= {});
    if (tls.ja4 !== undefined) return Reading.done;
    const versions = hello.versions.length > 0 ? hello.versions : [hello.legacyVersion];
    // of a hello that is cut, the extension with the versions may be what is missing
    if (isWhole || hello.versions.length > 0)
      tls.offeredVersions = versions.slice(0, NAMES_MAX).map(versionName);
    if (hello.serverName !== undefined) tls.serverName = hello.serverName;
    if (hello.alpn.length > 0) tls.offeredAlpn = [...hello.alpn];
    if (isWhole) tls.ja4 = ja4(hello, this.#sha256hex);
    return Reading.done;
  }

  #readServer(into: Metadata, isEnd: boolean): number {
    const { bytes, from, to, wanted } = this.#handshake;
    let at = messageEnd(bytes, from, to);
    if (at > to && !isEnd) return wanted;
    const hello = this.#server;
    if (at <= to && !hello.read(bytes, from + HEADER, at)) return Reading.unlike;
    const tls = (into.tls ??= {});
    if (at > to) return Reading.done; // cut, so nothing is sure
    tellServer(tls, hello);
    if (hello.version >= TLS_1_3) return Reading.done;
    for (; at + HEADER <= to; at = messageEnd(bytes, at, to)) {
      if (bytes[at] === Handshake.supplementalData) continue;
      if (bytes[at] !== Handshake.certificate) return Reading.done;
      // lengths of all certificates, and of the first (RFC 5246 7.4.2)
      const leaf = at + HEADER + 6;
      const leafEnd = leaf <= to ? leaf + u24(bytes, leaf - 3) : to + 1;
      if (leafEnd > to && !isEnd) return wanted;
      readCertificate(tls, bytes, leaf, Math.min(leafEnd, to));
      return Reading.done;
    }
    return isEnd ? Reading.done : wanted;
  }
}

/** Are these the first bytes of a handshake or an alert, as far as they are there? */
function isRecord(bytes: Uint8Array, from: number, to: number): boolean {
  if (bytes[from] !== Content.handshake && bytes[from] !== Content.alert) return false;
  if (from + 1 < to && bytes[from + 1] !== MAJOR) return false;
  if (from + 2 < to && bytes[from + 2]! > MINOR_MAX) return false;
  if (from + 5 > to) return true;
  const length = u16(bytes, from + 3);
  return bytes[from] === Content.alert ? length === 2 : length > 0 && length <= RECORD_MAX;
}

/** A server that refuses a hello says no more than that. */
function alert(into: Metadata, bytes: Uint8Array, from: number): number {
  const level = bytes[from + 5]!;
  if (level === 0 || level > FATAL) return Reading.unlike;
  into.tls ??= {};
  return Reading.done;
}

function tellServer(tls: TlsMetadata, hello: ServerHello): void {
  tls.version ??= versionName(hello.version);
  tls.cipher ??= hello.cipher;
  if (hello.alpn !== undefined) tls.alpn ??= hello.alpn;
  if (hello.isRetry) tls.retried = true;
}

/** Where the message at `at` ends; after `to` when not even its header is there. */
function messageEnd(bytes: Uint8Array, at: number, to: number): number {
  return at + HEADER > to ? to + 1 : at + HEADER + u24(bytes, at + 1);
}

function u24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | u16(bytes, at + 1);
}
