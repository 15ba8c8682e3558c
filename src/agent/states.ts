import { PROC_DEFAULTS } from '../sources/proc.ts';
import { socketStates, tcpCounters } from '../sources/proc-states.ts';
import {
  STATE_NAMES,
  type StateName,
  type Transition,
  TRANSITIONS,
} from '../model/tcp-transitions.ts';

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
  /** Of this host: from SYN-SENT or SYN-RECEIVED to CLOSED, or back to LISTEN (RFC 4022, tcpAttemptFails). */
  readonly attempt_fails?: number;
  /** Of this host: from ESTABLISHED or CLOSE-WAIT to CLOSED (RFC 4022, tcpEstabResets). */
  readonly estab_resets?: number;
}

/** Those of this network namespace's sockets, and what the kernel counts of their changes since it was made. */
export function liveStates(): States {
  const { counts } = socketStates([PROC_DEFAULTS.tcpPath, PROC_DEFAULTS.tcp6Path]);
  const counters = tcpCounters('/proc/net/snmp');
  const count = (name: string) => counters.get(name) ?? 0;
  return {
    ...statesOf('sockets', counts, [
      { from: 'CLOSED', to: 'SYN-SENT', count: count('ActiveOpens') },
      // Linux counts a passive open when its handshake has ended
      { from: 'SYN-RECEIVED', to: 'ESTABLISHED', count: count('PassiveOpens') },
    ]),
    attempt_fails: count('AttemptFails'),
    estab_resets: count('EstabResets'),
  };
}

/** A change of state, and how often it was seen. */
interface Changed {
  readonly from: StateName;
  readonly to: StateName;
  readonly count: number;
}

/** @param counts by the codes of TcpState @param changed those that somebody counts */
export function statesOf(
  of: States['of'],
  counts: ArrayLike<number>,
  changed: readonly Changed[],
): States {
  const inState = new Map<StateName, number>();
  for (const [code, state] of STATE_NAMES.entries())
    if (state !== '') inState.set(state, (inState.get(state) ?? 0) + (counts[code] ?? 0));
  const states = [...inState].map(([state, count]) => ({
    state,
    slug: `state-${state.toLowerCase()}`,
    count,
  }));
  const isOf = (a: Changed | Transition) => (b: Changed | Transition) =>
    a.from === b.from && a.to === b.to;
  return {
    of,
    total: states.reduce((sum, { count }) => sum + count, 0),
    states,
    transitions: [
      ...TRANSITIONS.map((each) => ({ ...each, ...changed.find(isOf(each)) })),
      ...changed.filter((each) => !TRANSITIONS.some(isOf(each))),
    ],
  };
}
