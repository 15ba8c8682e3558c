import { OperatorError } from '../model/errors.ts';
import type { States } from '../model/states.ts';
import { TcpState } from '../model/tcp-state.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import { PROC_DEFAULTS } from '../sources/proc.ts';
import { socketStates, tcpCounters } from '../sources/proc-states.ts';
import {
  STATE_NAMES,
  type StateName,
  type Transition,
  TRANSITIONS,
} from '../model/tcp-transitions.ts';
import { ask } from './ask.ts';
import { timeOf } from './clock.ts';
import type { Parts } from './status.ts';

/** As a running program tells them. */
export function watchedStates({ source, startedNs, nowNs }: Parts): States {
  if (!(source instanceof EbpfSource)) return liveStates();
  const startedMs = Date.now() - (nowNs - startedNs) / 1e6;
  return liveStates({
    changes: source.kernel.stateChanges(),
    sinceTs: timeOf(new Date(startedMs)),
  });
}

/** As the running program of this network namespace tells them, or as whoever has no rights sees them. */
export async function hostStates(): Promise<States> {
  try {
    return ((await ask('states')) as States | undefined) ?? liveStates();
  } catch (error) {
    if (error instanceof OperatorError) return liveStates(); // it may not be asked, or doesn't answer
    throw error;
  }
}

/** States that there are numbers for in SeenChanges. */
const WIDTH = 16;

/** What a program that sees each change of a socket's state has counted. */
export interface SeenChanges {
  /** At OLD x 16 + NEW, by the codes of TcpState. */
  readonly changes: Float64Array;
  readonly sinceTs: string;
}

/**
 * Those of this network namespace's sockets, and how often they changed: what the running program has seen, else what
 * the kernel counts by itself since the namespace was made.
 */
function liveStates(seen?: SeenChanges): States {
  const counters = tcpCounters('/proc/net/snmp');
  const count = (name: string) => counters.get(name) ?? 0;
  return {
    ...tableStates(
      [PROC_DEFAULTS.tcpPath, PROC_DEFAULTS.tcp6Path],
      seen
        ? socketChanges(seen.changes)
        : [
            { from: 'CLOSED', to: 'SYN-SENT', count: count('ActiveOpens') },
            // Linux counts a passive open when its handshake has ended
            { from: 'SYN-RECEIVED', to: 'ESTABLISHED', count: count('PassiveOpens') },
          ],
    ),
    ...(seen ? { since_ts: seen.sinceTs } : {}),
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
  return statesOf('ends', left, changesOf(transitions, left.length));
}

/** Of the transitions in `counts`, at FROM x width + TO, those that were taken and those of RFC 9293. */
function changesOf(counts: Float64Array, width: number): Changed[] {
  const changed: Changed[] = [];
  for (const [at, count] of counts.entries()) {
    const [from, to] = [STATE_NAMES[Math.floor(at / width)] ?? '', STATE_NAMES[at % width] ?? ''];
    if (from === '' || to === '' || from === to) continue;
    if (count > 0 || TRANSITIONS.some(isOf({ from, to }))) changed.push({ from, to, count });
  }
  return changed;
}

/** States in which a socket of Linux may become something smaller, which waits for the FIN or for 2 MSL to be over. */
const BEFORE_WAIT = [TcpState.FIN_WAIT2, TcpState.CLOSING] as const;
/** Transitions of what is no socket of Linux, before its handshake has ended and after it is closed. */
const UNSEEN: readonly Ends[] = [
  { from: 'SYN-RECEIVED', to: 'LISTEN' },
  { from: 'TIME-WAIT', to: 'CLOSED' },
];

/** Changes of Linux's sockets as transitions of RFC 9293. */
function socketChanges(seen: Float64Array): Changed[] {
  const counts = seen.slice();
  for (const state of BEFORE_WAIT) {
    const [wait, closed] = [state * WIDTH + TcpState.TIME_WAIT, state * WIDTH + TcpState.CLOSE];
    counts[wait]! += counts[closed]!;
    counts[closed] = 0;
  }
  return changesOf(counts, WIDTH).filter((each) => !UNSEEN.some(isOf(each)));
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
