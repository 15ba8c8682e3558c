import { u16 } from '../wire/network-order.ts';
import { byteText } from './text.ts';
import { Extension, isGrease } from './tls-codes.ts';

/** Most names of a list that are told. */
export const NAMES_MAX = 8;

const RANDOM = 32;
const SESSION_ID_MAX = 32;
const HOST_NAME = 0;

/**
 * The parts of a client hello (RFC 8446 4.1.2) that are told or go into its fingerprint, without GREASE; one object
 * serves all.
 */
export class ClientHello {
  legacyVersion = 0;
  readonly ciphers: number[] = [];
  readonly extensions: number[] = [];
  /** Of the extension supported_versions; empty without it. */
  readonly versions: number[] = [];
  readonly signatureAlgorithms: number[] = [];
  serverName: string | undefined;
  readonly alpn: string[] = [];

  /**
   * Reads the message's body, of which the end may be missing.
   * @returns is it whole, with lengths that fit each other?
   */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.#clear();
    if (to - from < 2 + RANDOM + 1) return false;
    this.legacyVersion = u16(bytes, from);
    let at = from + 2 + RANDOM;
    if (bytes[at]! > SESSION_ID_MAX) return false;
    at += 1 + bytes[at]!;
    if (at + 2 > to) return false;
    const ciphers = u16(bytes, at);
    at += 2;
    listOf(this.ciphers, bytes, at, Math.min(at + ciphers, to));
    at += ciphers;
    if (at >= to) return false;
    at += 1 + bytes[at]!; // compression methods
    if (at === to) return true; // SSL 3.0 and TLS 1.0 know no extensions
    if (at + 2 > to) return false;
    const end = at + 2 + u16(bytes, at);
    return this.#readExtensions(bytes, at + 2, Math.min(end, to)) && end <= to;
  }

  #clear(): void {
    this.legacyVersion = 0;
    this.ciphers.length = 0;
    this.extensions.length = 0;
    this.versions.length = 0;
    this.signatureAlgorithms.length = 0;
    this.serverName = undefined;
    this.alpn.length = 0;
  }

  #readExtensions(bytes: Uint8Array, from: number, to: number): boolean {
    let at = from;
    while (at + 4 <= to) {
      const type = u16(bytes, at);
      const start = at + 4;
      at = start + u16(bytes, at + 2);
      if (!isGrease(type)) this.extensions.push(type);
      if (at > to) return false;
      this.#readExtension(type, bytes, start, at);
    }
    return at === to;
  }

  #readExtension(type: number, bytes: Uint8Array, from: number, to: number): void {
    if (type === Extension.serverName) this.serverName ??= hostName(bytes, from, to);
    else if (type === Extension.alpn) namesOf(this.alpn, bytes, from, to);
    else if (type === Extension.supportedVersions && from < to)
      listOf(this.versions, bytes, from + 1, Math.min(from + 1 + bytes[from]!, to));
    else if (type === Extension.signatureAlgorithms)
      listOf(this.signatureAlgorithms, bytes, from + 2, listEnd(bytes, from, to));
  }
}

/** Reads a list of application protocols, each with its length before it (RFC 7301 3.1). */
export function namesOf(into: string[], bytes: Uint8Array, from: number, to: number): void {
  const stop = listEnd(bytes, from, to);
  for (let at = from + 2; at < stop && into.length < NAMES_MAX; ) {
    const end = at + 1 + bytes[at]!;
    if (end > stop) return;
    into.push(byteText(bytes, at + 1, end));
    at = end;
  }
}

/** Reads 16-bit numbers. */
function listOf(into: number[], bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at + 2 <= to; at += 2) {
    const value = u16(bytes, at);
    if (!isGrease(value)) into.push(value);
  }
}

/** The first host name of a list of names (RFC 6066 3). */
function hostName(bytes: Uint8Array, from: number, to: number): string | undefined {
  const stop = listEnd(bytes, from, to);
  for (let at = from + 2; at + 3 <= stop; ) {
    const end = at + 3 + u16(bytes, at + 1);
    if (end > stop) return undefined;
    if (bytes[at] === HOST_NAME) return byteText(bytes, at + 3, end);
    at = end;
  }
  return undefined;
}

/** Where a list ends that has its length in the two bytes before it. */
function listEnd(bytes: Uint8Array, from: number, to: number): number {
  return from + 2 > to ? from : Math.min(from + 2 + u16(bytes, from), to);
}
