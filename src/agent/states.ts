import type { States } from '../model/states.ts';
import { PROC_DEFAULTS } from '../sources/proc.ts';
import { socketStates, tcpCounters } from '../sources/proc-states.ts';
import {
  STATE_NAMES,
  type StateName,
  type Transition,
  TRANSITIONS,
} from '../model/tcp-transitions.ts';

/** Those of this network namespace's sockets, and what the kernel counts of their changes since it was made. */
export function liveStates(): States {
  const counters = tcpCounters('/proc/net/snmp');
  const count = (name: string) => counters.get(name) ?? 0;
  return {
    ...tableStates(
      [PROC_DEFAULTS.tcpPath, PROC_DEFAULTS.tcp6Path],
      [
        { from: 'CLOSED', to: 'SYN-SENT', count: count('ActiveOpens') },
        // Linux counts a passive open when its handshake has ended
        { from: 'SYN-RECEIVED', to: 'ESTABLISHED', count: count('PassiveOpens') },
      ],
    ),
    attempt_fails: count('AttemptFails'),
    estab_resets: count('EstabResets'),
  };
}

/** Those of the sockets in tables as /proc/net/tcp has them. */
export function tableStates(paths: readonly string[], changed: readonly Changed[] = []): States {
  const { counts, malformed } = socketStates(paths);
  return { ...statesOf('sockets', counts, changed), ...(malformed > 0 ? { malformed } : {}) };
}

/** Those of both ends of each connection in captures. @param left, transitions of a Tracker (TrackerCounts) */
export function captureStates(left: Float64Array, transitions: Float64Array): States {
  const changed: Changed[] = [];
  const width = left.length;
  for (const [at, count] of transitions.entries()) {
    const [from, to] = [STATE_NAMES[Math.floor(at / width)]!, STATE_NAMES[at % width]!];
    if (from === '' || to === '') continue;
    if (count > 0 || TRANSITIONS.some(isOf({ from, to }))) changed.push({ from, to, count });
  }
  return statesOf('ends', left, changed);
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

type Ends = Pick<Transition, 'from' | 'to'>;

function isOf(a: Ends): (b: Ends) => boolean {
  return (b) => a.from === b.from && a.to === b.to;
}
