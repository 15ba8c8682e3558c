import type { StateName, Transition } from './tcp-transitions.ts';

/** How many are in a state now. */
interface StateCount {
  readonly state: StateName;
  /** Its entry in the glossary. */
  readonly slug: string;
  readonly count: number;
}

/** How often a state was left for another one. */
interface TransitionCount extends Partial<Transition> {
  readonly from: StateName;
  readonly to: StateName;
  /** Left out where nobody counts it. */
  readonly count?: number;
}

/** The data of the state diagram, which is what `packetwatch states --json` tells. */
export interface States {
  /** What is counted: this host's sockets, or both ends of each connection of captures. */
  readonly of: 'sockets' | 'ends';
  readonly total: number;
  readonly states: readonly StateCount[];
  /** Those of RFC 9293, figure 5, then others that were seen. */
  readonly transitions: readonly TransitionCount[];
  /** Of this host, asked of a program that sees sockets change: since when transitions are counted. */
  readonly since_ts?: string;
  /** Of a saved table: lines that are no rows. */
  readonly malformed?: number;
  /** Of this host: from SYN-SENT or SYN-RECEIVED to CLOSED, or back to LISTEN (RFC 4022, tcpAttemptFails). */
  readonly attempt_fails?: number;
  /** Of this host: from ESTABLISHED or CLOSE-WAIT to CLOSED (RFC 4022, tcpEstabResets). */
  readonly estab_resets?: number;
}
