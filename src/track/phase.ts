import { End, Phases } from './row.ts';
import type { TrackTable } from './table.ts';

/**
 * What one end has shown so far, as Zeek's conn_state and history have it: coarser than the states of RFC 9293, and
 * kept for ends of which only a part was captured as well.
 */
export const Phase = {
  /** Nothing came from it. */
  inactive: 0,
  synSent: 1,
  /** A SYN+ACK that came first. */
  synAckSent: 2,
  /** Something came from it, but no SYN. */
  partial: 3,
  established: 4,
  /** It sent a FIN. */
  closed: 5,
  reset: 6,
} as const;

/** @param end word of the end's part */
export function phaseOf(table: TrackTable, end: number): number {
  return table.bytes[((end + End.phases) << 2) + Phases.now]!;
}

export function phaseBefore(table: TrackTable, end: number): number {
  return table.bytes[((end + End.phases) << 2) + Phases.before]!;
}

export function setPhase(table: TrackTable, end: number, phase: number): void {
  const at = (end + End.phases) << 2;
  const now = table.bytes[at + Phases.now]!;
  if (now === phase) return;
  table.bytes[at + Phases.before] = now;
  table.bytes[at + Phases.now] = phase;
}

/** Has an end in this phase not finished its handshake? */
export function isOpening(phase: number): boolean {
  return phase <= Phase.synAckSent;
}
