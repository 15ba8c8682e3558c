import { randomBytes } from 'node:crypto';
import { isV4 } from '../wire/address.ts';
import * as bpf from './bpf.ts';
import type { Maps } from './maps.ts';

const PLACES = 512;
const PROBES = 4;
const HEADER = 16;
const MANY = 8;
/** A scan over addresses touches more than these; PW_ODD_PORTS of bpf/state.h. */
const FEW = 3;

/**
 * The host's own addresses as the guard looks them up (struct pw_locals): a table in which every address lies within
 * 4 probes of its place, for a multiplier that is searched here. More than fit: every destination counts as ours.
 * @param addresses 16 bytes each, IPv4 as ::ffff:a.b.c.d
 * @param many whether scans over several of them are looked for
 */
export function encodeLocals(addresses: readonly Uint8Array[], many = false): Buffer {
  const table = encodeTable(addresses);
  table.writeUInt32LE(many ? 1 : 0, MANY);
  return table;
}

function encodeTable(addresses: readonly Uint8Array[]): Buffer {
  for (let tries = 0; tries < 200 && addresses.length <= PLACES / 2; tries++) {
    const mul = (randomBytes(4).readUInt32LE(0) | 1) >>> 0;
    const table = place(addresses, mul);
    if (table) return table;
  }
  const everything = Buffer.alloc(HEADER + PLACES * 16);
  everything.writeUInt32LE(1, 4);
  return everything;
}

function place(addresses: readonly Uint8Array[], mul: number): Buffer | undefined {
  const table = Buffer.alloc(HEADER + PLACES * 16);
  table.writeUInt32LE(mul, 0);
  const taken = new Set<number>();
  for (const address of addresses) {
    const words = Buffer.from(address);
    const fold = words.readUInt32LE(0) ^ words.readUInt32LE(4) ^ words.readUInt32LE(12);
    const first = Math.imul(fold, mul) >>> 23;
    let probe = 0;
    while (probe < PROBES && taken.has((first + probe) % PLACES)) probe++;
    if (probe === PROBES) return undefined;
    const at = (first + probe) % PLACES;
    taken.add(at);
    words.copy(table, HEADER + at * 16);
  }
  return table;
}

/** Writes the own addresses, and the judged prefix of each IPv6 one: sources in it are judged one by one. */
export function writeLocals(maps: Maps, addresses: readonly Uint8Array[], v6Prefix: number): void {
  const entries = new Map<string, Uint8Array>();
  const add = (entry: Uint8Array) => entries.set(Buffer.from(entry).toString('latin1'), entry);
  for (const address of addresses) {
    add(address);
    if (!isV4(address)) add(truncated(address, v6Prefix));
  }
  const table = encodeLocals([...entries.values()], hasMany(addresses));
  bpf.updateElement(maps.fd('pw_locals'), Buffer.alloc(128), table);
}

/** Has this host more addresses of a family than a scan over addresses has to touch? Loopback and link-local ones don't count. */
function hasMany(addresses: readonly Uint8Array[]): boolean {
  const v4 = addresses.filter((a) => isV4(a) && a[12] !== 127);
  const linkLocal = (a: Uint8Array): boolean => a[0] === 0xfe && (a[1]! & 0xc0) === 0x80;
  const v6 = addresses.filter((a) => !isV4(a) && !linkLocal(a) && a.subarray(0, 15).some((b) => b));
  return v4.length > FEW || v6.length > FEW;
}

/** The first `bits` of an address. */
function truncated(address: Uint8Array, bits: number): Uint8Array {
  return address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))) & 0xff);
}
