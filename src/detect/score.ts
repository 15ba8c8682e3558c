import { Weight } from '../wire/layout.gen.ts';
import { Fate, type ScoreTable, SLOTS, WAYS } from './score-table.ts';

/*
 * The arithmetic of bpf/score.h, which says where its numbers come from; so are the units of time: 2^26 ns.
 */

/** So young a port without an answer counts by a third only, nanoseconds. */
const YOUNG_NS = 100e6;
/** A score halves every 2^10 units, 68.7 s. */
const HALVES = 10;
/** Handshakes so far apart make a partner, of whom the last is not older than that. */
const TRUST = 5;
const TRUST_GAP = 60;
const TRUST_LATELY = 1788;
/** Handshakes completed with so many ports: the address is its own. */
const CONFIRMED_PORTS = 3;
const MOST = 0xffff;

export function unitsOf(ns: number): number {
  return Math.floor(ns / 0x400_0000);
}

/** The score of a way as it is now. */
export function decayed(table: ScoreTable, way: number, now: number): number {
  const value = table.value[way]!;
  const passed = now - table.at[way]!;
  if (passed <= 0) return value;
  const halves = Math.floor(passed / 2 ** HALVES);
  if (halves > 15) return 0;
  const halved = value >> halves;
  // a straight line between two halvings
  return halved - ((halved * (passed % 2 ** HALVES)) >> (HALVES + 1));
}

export function addScore(table: ScoreTable, way: number, by: number, now: number): void {
  const value = decayed(table, way, now) + by;
  table.value[way] = Math.min(Weight.CEILING, Math.max(Weight.FLOOR, value));
  table.at[way] = now;
}

/** Of the pending ports those that are young no more count in full. */
export function ripen(table: ScoreTable, way: number, windowNs: number, nowNs: number): void {
  let ripe = 0;
  for (let slot = way * SLOTS; slot < (way + 1) * SLOTS; slot++) {
    const seenNs = table.seenNs[slot]!;
    if (table.fates[slot] !== Fate.pending || seenNs < 0 || nowNs - seenNs > windowNs) continue;
    if (nowNs - seenNs <= YOUNG_NS) continue;
    table.fates[slot] = Fate.counted;
    ripe++;
  }
  addScore(table, way, ripe * (Weight.SILENT - Weight.YOUNG), unitsOf(nowNs));
}

/** A handshake was completed. */
export function credit(table: ScoreTable, way: number, now: number): void {
  const passed = now - table.trustedAt[way]!;
  table.opened[way] = Math.min(MOST, table.opened[way]! + 1);
  if (passed < TRUST_GAP) return;
  if (passed >= TRUST_LATELY) table.trust[way] = 0;
  table.trust[way] = Math.min(0xff, table.trust[way]! + 1);
  table.trustedAt[way] = now;
}

/** What a way is worth of being kept: its ports, and trust, which floods can't have. */
export function worthOf(table: ScoreTable, way: number, ports: number): number {
  return Math.min(0xff, ports + table.trust[way]!);
}

/** Handshakes completed with several ports: the address is its own. */
export function isConfirmed(table: ScoreTable, way: number): boolean {
  let ports = 0;
  for (let slot = way * SLOTS; slot < (way + 1) * SLOTS; slot++)
    if (table.fates[slot] === Fate.opened) ports++;
  return ports >= CONFIRMED_PORTS;
}

/** Does this source keep completing handshakes, with any victim? @param key of which the source is read */
export function isTrusted(table: ScoreTable, key: Uint32Array, now: number): boolean {
  const first = table.setOf(key);
  for (let way = first; way < first + WAYS; way++)
    if (
      table.isOf(way, key) &&
      table.trust[way]! >= TRUST &&
      now - table.trustedAt[way]! < TRUST_LATELY
    )
      return true;
  return false;
}
