import { hashOf } from '../support/tables.ts';
import type { Rig } from './rig.ts';
import { bytesOf } from './rig.ts';

const SETS = 16384n;

/** IPv4 sources whose states all lie in one set of the kernel's table: pw_hash() of bpf/table.h, by brute force. */
export function collidingSources(rig: Rig, count: number): string[] {
  const { seed } = rig.kernel.maps;
  const bySet = new Map<bigint, string[]>();
  for (let n = 1; ; n++) {
    const source = `198.18.${(n >> 8) & 255}.${n & 255}`.replace('18', String(18 + (n >> 16)));
    const set = hashOf(Buffer.from(bytesOf(source)), seed) & (SETS - 1n);
    const found = bySet.get(set);
    if (!found) bySet.set(set, [source]);
    else if (found.push(source) === count) return found;
  }
}

/** IPv4 sources, as numbers, of which no two share a set. */
export function apartSources(rig: Rig, count: number): number[] {
  const { seed } = rig.kernel.maps;
  const taken = new Set<bigint>();
  const sources: number[] = [];
  const address = Buffer.from(bytesOf('0.0.0.0'));
  for (let source = 0x0b000000; sources.length < count; source++) {
    address.writeUInt32BE(source, 12);
    const set = hashOf(address, seed) & (SETS - 1n);
    if (taken.has(set)) continue;
    taken.add(set);
    sources.push(source);
  }
  return sources;
}
