import type { TlsMetadata } from '../model/metadata.ts';
import { DerValue, Tag } from './der.ts';
import { byteText } from './text.ts';

/** Most DNS names of a certificate that are told. */
const NAMES_MAX = 16;
/** Values of a certificate before its subject: serial number, algorithm, issuer, validity (RFC 5280 4.1). */
const BEFORE_SUBJECT = 4;

const COMMON_NAME = [0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];

/** Tells the names in an X.509 certificate (RFC 5280 4.1), of which the end may be missing. */
export function readCertificate(
  into: TlsMetadata,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  const part = new DerValue();
  if (!part.enter(bytes, from, to, Tag.sequence)) return;
  if (!part.enter(bytes, part.from, part.to, Tag.sequence)) return;
  const end = part.to;
  let at = part.from;
  if (part.enter(bytes, at, end, Tag.version)) at = part.to;
  for (let i = 0; i < BEFORE_SUBJECT; i++) {
    if (!part.read(bytes, at, end)) return;
    at = part.to;
  }
  if (!part.enter(bytes, at, end, Tag.sequence)) return;
  const subject = commonName(bytes, part.from, part.to);
  if (subject !== undefined) into.subject ??= subject;
  for (at = part.to; part.read(bytes, at, end); at = part.to) {
    if (part.tag !== Tag.extensions) continue;
    const names: string[] = [];
    altNames(names, bytes, part.from, part.to);
    if (names.length > 0) into.certificateNames ??= names;
    return;
  }
}

/** The last of several: the most specific one (RFC 6125 1.8). */
function commonName(bytes: Uint8Array, from: number, to: number): string | undefined {
  const set = new DerValue();
  const attribute = new DerValue();
  let name: string | undefined;
  for (let at = from; set.read(bytes, at, to); at = set.to) {
    for (let next = set.from; attribute.read(bytes, next, set.to); next = attribute.to) {
      const value = valueOf(bytes, attribute, COMMON_NAME);
      if (value?.isWhole) name = byteText(bytes, value.from, value.to);
    }
  }
  return name;
}

function altNames(into: string[], bytes: Uint8Array, from: number, to: number): void {
  const list = new DerValue();
  const extension = new DerValue();
  const name = new DerValue();
  if (!list.enter(bytes, from, to, Tag.sequence)) return;
  for (let at = list.from; extension.read(bytes, at, list.to); at = extension.to) {
    const value = valueOf(bytes, extension, SUBJECT_ALT_NAME);
    if (value === undefined || !value.enter(bytes, value.from, value.to, Tag.sequence)) continue;
    for (let n = value.from; name.read(bytes, n, value.to); n = name.to) {
      if (name.tag !== Tag.dnsName || !name.isWhole) continue;
      into.push(byteText(bytes, name.from, name.to));
      if (into.length >= NAMES_MAX) return;
    }
  }
}

/** The last value of a sequence that begins with this object identifier. */
function valueOf(
  bytes: Uint8Array,
  { tag, from, to }: DerValue,
  oid: readonly number[],
): DerValue | undefined {
  const value = new DerValue();
  if (tag !== Tag.sequence || !value.enter(bytes, from, to, Tag.oid)) return undefined;
  if (value.to - value.from !== oid.length) return undefined;
  if (!oid.every((byte, i) => bytes[value.from + i] === byte)) return undefined;
  if (!value.read(bytes, value.to, to)) return undefined;
  // between an extension's identifier and its value may stand whether it is critical
  if (value.tag === Tag.boolean && !value.read(bytes, value.to, to)) return undefined;
  return value;
}
