import type { ConnectionEvent, EndReason, ScanClass, ScanState } from '../model/events.ts';
import type { ConnectionTable } from './table.ts';

/** Who is told what happened. Nothing passed here may be kept after the call returns. */
export interface FlowListener {
  /**
   * One event of a connection; `Row.event_ns` says when. `table.ended` has what its packets showed, where those were
   * seen and it is over, and `table.metadata` what of them was understood.
   */
  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void;
  /** Attempts that the kernel summed: the SUM record at byte offset `at`. */
  summed(words: Uint32Array, bytes: Uint8Array, at: number): void;
  scan(scan: Scan): void;
  /** A source was blocked: a BLOCK record, or the SCAN record whose verdict blocked it. */
  block(words: Uint32Array, bytes: Uint8Array, at: number): void;
  /** A block was removed: an UNBLOCK record. */
  unblock(words: Uint32Array, bytes: Uint8Array, at: number): void;
}

/** One port scan, as known at this moment. */
export interface Scan {
  readonly tsNs: number;
  readonly state: ScanState;
  /** Undefined until the end. */
  readonly endReason: EndReason | undefined;
  /** The source address at `at`, the scanned host's address at `at + 16`, 16 bytes each. */
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly kind: ScanClass;
  /** With which segments, of a stealth scan. */
  readonly technique: string | undefined;
  /** Distinct ports, ascending, at most 64. */
  readonly ports: Uint16Array;
  /** Distinct ports in all. */
  readonly portCount: number;
  /** Addresses of this host that were touched, at least. */
  readonly hosts: number;
  /** Packets of the source to this host that counted or might have, as far as they were seen. */
  readonly syns: number;
  /** When the source was first noticed. */
  readonly firstNs: number;
  /** When it was last seen to scan. */
  readonly lastNs: number;
  readonly blocked: boolean;
  /** How often a verdict blocked it. */
  readonly blocks: number;
  /** It would be blocked, but is on the never-block list, over the cap, or this is a dry run. */
  readonly spared: boolean;
  /** Spared because the source keeps completing handshakes, which nobody can forge. */
  readonly trusted: boolean;
  /** Sources that began to scan the same ports of the same victim at the same time, this one among them; 0: not known. */
  readonly decoys: number;
  /** What the weighted rule found; undefined by the reference rule. */
  readonly weights: ScanWeights | undefined;
}

/** The parts of a weighted verdict: ports by what became of them (bpf/score.h). */
export interface ScanWeights {
  readonly closed: number;
  readonly silent: number;
  readonly halfOpen: number;
  readonly opened: number;
  /** Natural logarithm of the likelihood ratio, scanner against honest. */
  readonly score: number;
}
