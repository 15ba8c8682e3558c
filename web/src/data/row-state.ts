import type { JsonConnection } from '../../../src/model/json.ts';

/** What a row shows; in an order in which a later event never lowers it. */
export const RowState = {
  attempt: 0,
  open: 1,
  closed: 2,
  reset: 3,
  timeout: 4,
  dropped: 5,
  refused: 6,
  gap: 7,
} as const;

export type RowStateCode = (typeof RowState)[keyof typeof RowState];

/** How a state is told: its word, its entry in the glossary, its sign, and the colour it has. */
export interface StateLook {
  readonly word: string;
  readonly slug: string;
  readonly icon: string;
  readonly tone: string;
}

/** By RowState. */
export const STATE_LOOKS: readonly StateLook[] = [
  { word: 'attempt', slug: 'event-connection-attempt', icon: 'ring', tone: 'wait' },
  { word: 'open', slug: 'event-connection-open', icon: 'dot', tone: 'good' },
  { word: 'closed', slug: 'event-connection-close', icon: 'check', tone: 'quiet' },
  { word: 'reset', slug: 'event-connection-reset', icon: 'bolt', tone: 'bad' },
  { word: 'timeout', slug: 'event-connection-timeout', icon: 'clock', tone: 'warn' },
  { word: 'dropped', slug: 'outcome-dropped', icon: 'void', tone: 'warn' },
  { word: 'refused', slug: 'event-connection-refused', icon: 'cross', tone: 'bad' },
  { word: 'gap', slug: 'event-loss', icon: 'gap', tone: 'warn' },
];

const BY_EVENT: Readonly<Record<JsonConnection['event'], RowStateCode>> = {
  'connection.attempt': RowState.attempt,
  'connection.open': RowState.open,
  'connection.close': RowState.closed,
  'connection.reset': RowState.reset,
  'connection.timeout': RowState.timeout,
  'connection.refused': RowState.refused,
};

export function stateOf({ event, outcome }: JsonConnection): RowStateCode {
  return outcome === 'dropped' ? RowState.dropped : BY_EVENT[event];
}

/** Choices of the table beside the filter. */
export const SHOWN = {
  all: undefined,
  open: new Set<RowStateCode>([RowState.attempt, RowState.open]),
  failed: new Set<RowStateCode>([
    RowState.reset,
    RowState.timeout,
    RowState.dropped,
    RowState.refused,
    RowState.gap,
  ]),
  closed: new Set<RowStateCode>([RowState.closed]),
} as const;

export type Shown = keyof typeof SHOWN;
