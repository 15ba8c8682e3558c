import { VerdictPart } from '../wire/layout.gen.ts';
import type { Alike } from './decoys.ts';
import type { ScanWeights } from './listener.ts';
import type { ScanPorts } from './scan-ports.ts';

/** One scan that goes on. */
export interface ScanEntry {
  readonly slot: number;
  lo: number;
  hi: number;
  live: boolean;
  /** It did something since the hand went by (#place). */
  recent: boolean;
  /** Code of the last verdict (ScanKind). */
  kind: number;
  flags: number;
  hosts: number;
  readonly ports: ScanPorts;
  /** Told again at so many ports or hosts. */
  tellAtPorts: number;
  tellAtHosts: number;
  weights: ScanWeights | undefined;
  packets: number;
  /** `packets` at the last verdict, and what the kernel had counted then. */
  verdictPackets: number;
  verdictSyns: number;
  blocks: number;
  firstNs: number;
  lastNs: number;
  alike: Alike | undefined;
}

/** A scan of which nothing is known yet. */
export const FRESH: Readonly<Omit<ScanEntry, 'slot' | 'lo' | 'hi' | 'lastNs' | 'ports'>> = {
  live: true,
  recent: false,
  kind: 0,
  flags: 0,
  hosts: 0,
  tellAtPorts: 0,
  tellAtHosts: 0,
  weights: undefined,
  packets: 0,
  verdictPackets: 0,
  verdictSyns: 0,
  blocks: 0,
  firstNs: Infinity,
  alike: undefined,
};

const half = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

/** Is there twice as much as was told? */
export function hasDoubled(scan: ScanEntry): boolean {
  return scan.ports.count >= scan.tellAtPorts || scan.hosts >= scan.tellAtHosts;
}

/** The kernel counts on from verdict to verdict, and from 0 when it forgot the pair; attempts are counted here, too. */
export function countSyns(scan: ScanEntry, syns: number): void {
  const more = syns >= scan.verdictSyns ? syns - scan.verdictSyns : syns;
  scan.packets = Math.max(scan.packets, scan.verdictPackets + more);
  scan.verdictPackets = scan.packets;
  scan.verdictSyns = syns;
}

/** Natural logarithms are kept as 1/256 nat (PW_SCORE_* in bpf/score.h). */
export function weightsOf(words: Uint32Array, bytes: Uint8Array, at: number): ScanWeights {
  return {
    closed: half(bytes, at + VerdictPart.closed),
    silent: half(bytes, at + VerdictPart.silent),
    halfOpen: half(bytes, at + VerdictPart.half),
    opened: half(bytes, at + VerdictPart.opened),
    score: (words[(at + VerdictPart.score) >> 2]! | 0) / 256,
  };
}
