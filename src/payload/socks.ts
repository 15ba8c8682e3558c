import { u16 } from '../wire/network-order.ts';

const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
const CONNECT = 1;
const WITH_PASSWORD = 1;
const GRANTED = 90;
const TEXT_MAX = 255;

/**
 * Where what a SOCKS proxy passes on begins, in the bytes of the client or of the proxy; after `to` when it takes more
 * bytes to tell, -1 when they don't ask a proxy to connect.
 */
export function socksEnd(bytes: Uint8Array, from: number, to: number, ofClient: boolean): number {
  if (bytes[from] === 5) return ofClient ? client5(bytes, from, to) : proxy5(bytes, from, to);
  return ofClient ? client4(bytes, from, to) : proxy4(bytes, from, to);
}

/** Greeting, password where it is wanted (RFC 1929), request (RFC 1928). */
function client5(bytes: Uint8Array, from: number, to: number): number {
  if (from + 2 > to) return to + 1;
  if (bytes[from + 1] === 0) return -1;
  let at = from + 2 + bytes[from + 1]!;
  if (at < to && bytes[at] === WITH_PASSWORD) {
    at += 2;
    if (at > to) return to + 1;
    at += bytes[at - 1]!;
    if (at >= to) return to + 1;
    at += 1 + bytes[at]!;
  }
  return afterRequest(bytes, at, to, CONNECT);
}

/** Method, outcome of the password, reply. */
function proxy5(bytes: Uint8Array, from: number, to: number): number {
  const at = from + 2;
  const isPassword = at < to && bytes[at] === WITH_PASSWORD;
  return afterRequest(bytes, isPassword ? at + 2 : at, to, 0);
}

/** A request and a reply have the same form (RFC 1928 4, 6). @param code the command, or 0 for success */
function afterRequest(bytes: Uint8Array, at: number, to: number, code: number): number {
  if (at + 5 > to) return to + 1;
  if (bytes[at] !== 5 || bytes[at + 1] !== code || bytes[at + 2] !== 0) return -1;
  const type = bytes[at + 3];
  const address =
    type === IPV4 ? 4 : type === IPV6 ? 16 : type === NAME ? 1 + bytes[at + 4]! : undefined;
  return address === undefined ? -1 : at + 4 + address + 2;
}

/** SOCKS4: command, port, address, user; of SOCKS4a, with an address of 0.0.0.x, a name (RFC 1928 has it no more). */
function client4(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== 4) return -1;
  if (from + 8 > to) return to + 1;
  if (bytes[from + 1] !== CONNECT) return -1;
  const hasName = u16(bytes, from + 4) === 0 && bytes[from + 6] === 0 && bytes[from + 7] !== 0;
  const end = textEnd(bytes, from + 8, to);
  return hasName && end >= 0 && end <= to ? textEnd(bytes, end, to) : end;
}

function proxy4(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== 0) return -1;
  if (from + 8 > to) return to + 1;
  return bytes[from + 1] === GRANTED ? from + 8 : -1;
}

/** After the zero that ends a text. */
function textEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to && at - from <= TEXT_MAX; at++) if (bytes[at] === 0) return at + 1;
  return to - from > TEXT_MAX ? -1 : to + 1;
}
