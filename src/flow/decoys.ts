import type { ScanClass } from '../model/events.ts';
import { Head } from '../wire/layout.gen.ts';

/** So many sources that do the same at the same time are decoys of one scanner (`nmap -D`), not chance. */
export const DECOYS_AT_LEAST = 3;
/** Scans that begin within this time of one another may be one scanner's: decoys take turns, packet by packet. */
export const DECOYS_WITHIN_NS = 2e9;
/** Of each scan so many first ports are compared. */
export const DECOY_PORTS = 16;
/** Groups remembered; the oldest goes, and what it had still to gather is not recognised. */
const GROUPS = 32;

/** Scans of one victim that began together over the same ports. */
export interface Alike {
  /** How many there are, so many sources. */
  count: number;
}

interface Group extends Alike {
  readonly kind: ScanClass;
  readonly victim: Uint32Array;
  readonly ports: Uint16Array;
  readonly beganNs: number;
}

/** Finds the scans that began together with another one: decoys, among which the scanner itself is. */
export class Decoys {
  readonly #groups: Group[] = [];
  #next = 0;

  /**
   * Takes a scan that begins: the SCAN record at word `w`.
   * @param ports its first ports, at most DECOY_PORTS
   * @returns its group, whose count grows as more of them begin
   */
  begin(words: Uint32Array, w: number, kind: ScanClass, ports: Uint16Array, nowNs: number): Alike {
    const dst = w + (Head.dst >> 2);
    for (const group of this.#groups) {
      if (group.kind !== kind || nowNs - group.beganNs > DECOYS_WITHIN_NS) continue;
      if (!group.victim.every((word, i) => word === words[dst + i])) continue;
      if (!shareMost(group.ports, ports)) continue;
      group.count++;
      return group;
    }
    const group: Group = {
      kind,
      victim: words.slice(dst, dst + 4),
      ports: ports.slice(),
      beganNs: nowNs,
      count: 1,
    };
    this.#groups[this.#next++ % GROUPS] = group;
    return group;
  }
}

/** More than half of the shorter list, and two ports at least: one port is what anybody may try. */
function shareMost(a: Uint16Array, b: Uint16Array): boolean {
  let shared = 0;
  for (const port of a) if (b.includes(port)) shared++;
  return shared >= 2 && shared * 2 > Math.min(a.length, b.length);
}
