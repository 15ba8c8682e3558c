import { parseListen } from '../api/address.ts';
import { OperatorError } from '../model/errors.ts';
import { ask } from './ask.ts';
import type { Status } from './status.ts';

/** What the program that ends tells the one that takes over: its last words. */
export interface HandedOver {
  readonly pid: number;
  /** When it looked at the rings for the last time, CLOCK_MONOTONIC, nanoseconds. */
  readonly readNs: number;
  /** What was lost and told, by place. */
  readonly lost: Readonly<Record<string, number>>;
}

/** How this program took over from another one. */
export interface Swap {
  /** Absent: nobody ran. */
  readonly from_pid?: number;
  /** From the other program's last look at the rings to the first of this one. */
  readonly unread_ms?: number;
  /** From the first guard on an interface that was replaced to the last; absent: there was none. */
  readonly guard_ms?: number;
}

/** Its last lines may take that long. */
const PATIENCE_MS = 30_000;

/** The port on which the running program listens; undefined: none, or nobody runs. */
export async function listensAt(): Promise<number | undefined> {
  const listen = ((await ask('status')) as Status | undefined)?.listen;
  return listen === undefined ? undefined : parseListen(listen).port;
}

/**
 * Asks the running program to write its last lines and to end, and to leave everything attached.
 * Undefined: none runs any more. Throws OperatorError; the other program then goes on.
 */
export async function takeOver(): Promise<HandedOver | undefined> {
  const handed = (await ask('hand-over', PATIENCE_MS)) as HandedOver | undefined;
  if (handed !== undefined && typeof handed.readNs !== 'number')
    throw new OperatorError('the running program handed over nonsense', 'start again');
  return handed;
}

/** @param nowNs of the first look at the rings */
export function swapOf(
  nowNs: number,
  handed: HandedOver | undefined,
  guardMs: number | undefined,
): Swap {
  return {
    ...(handed ? { from_pid: handed.pid, unread_ms: (nowNs - handed.readNs) / 1e6 } : {}),
    ...(guardMs === undefined ? {} : { guard_ms: guardMs }),
  };
}
