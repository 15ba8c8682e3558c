import { Exit, OperatorError } from './errors.ts';

/** The names of all events, in the order of their codes. */
export const EVENT_NAMES = [
  'connection.attempt',
  'connection.open',
  'connection.refused',
  'connection.timeout',
  'connection.reset',
  'connection.close',
  'scan',
  'block',
  'unblock',
  'loss',
] as const;

export type EventName = (typeof EVENT_NAMES)[number];

/** The code of an event: its index in EVENT_NAMES. Codes are what runs on the record path. */
export const EventCode = {
  attempt: 0,
  open: 1,
  refused: 2,
  timeout: 3,
  reset: 4,
  close: 5,
  scan: 6,
  block: 7,
  unblock: 8,
  loss: 9,
} as const;

export type EventCode = (typeof EventCode)[keyof typeof EventCode];

/** The codes of one connection's events: `connection.*`. */
export type ConnectionEvent = 0 | 1 | 2 | 3 | 4 | 5;

/** A set of events: bit `1 << code` for each. */
export type EventMask = number;

export const ALL_EVENTS: EventMask = (1 << EVENT_NAMES.length) - 1;

/** The last event of a connection that is told of to its end. */
export const LAST_EVENTS: EventMask =
  (1 << EventCode.refused) |
  (1 << EventCode.timeout) |
  (1 << EventCode.reset) |
  (1 << EventCode.close);

/** What is told to --webhook and --syslog. */
export const ALERT_EVENTS: EventMask =
  (1 << EventCode.scan) | (1 << EventCode.block) | (1 << EventCode.unblock) | (1 << EventCode.loss);

/** Which events are told: those of the program, and those of plugins by their names. */
export interface EventChoice {
  readonly mask: EventMask;
  readonly plugins: ReadonlySet<string>;
}

/**
 * Reads the value of `--events`: event names separated by commas; a group's prefix (`connection`) stands for
 * all of its events.
 * @param plugins names of the events of plugins
 */
export function parseEvents(list: string, plugins: readonly string[] = []): EventChoice {
  let mask = 0;
  const chosen = new Set<string>();
  for (const word of list.split(',')) {
    const wanted = word.trim();
    const isWanted = (name: string) => name === wanted || name.startsWith(`${wanted}.`);
    const found = EVENT_NAMES.reduce(
      (sum, name, code) => sum | (isWanted(name) ? 1 << code : 0),
      0,
    );
    const ofPlugins = plugins.filter(isWanted);
    if (found === 0 && ofPlugins.length === 0) {
      throw new OperatorError(
        `--events: there is no event named '${wanted}'`,
        `use a list of: connection, ${[...EVENT_NAMES, ...plugins].join(', ')}`,
        { exitCode: Exit.usage },
      );
    }
    mask |= found;
    for (const name of ofPlugins) chosen.add(name);
  }
  return { mask, plugins: chosen };
}

/** Where events get lost: what a loss event says, beside `plugin.NAME`. */
export const LOSS_PLACES = [
  'attempts',
  'answers',
  'outbound',
  'sockets',
  'opens',
  'verdicts',
  'packets',
  'connections',
  'malformed',
  'table',
  'read',
  'output',
  'store',
] as const;

export type LossPlace = (typeof LOSS_PLACES)[number];

/** What a scan went over, in the order of ScanClass. */
export const SCAN_KINDS = ['vertical', 'horizontal', 'stealth', 'udp', 'slow'] as const;

export type ScanKindName = (typeof SCAN_KINDS)[number];

/** Index in SCAN_KINDS. */
export const ScanClass = { vertical: 0, horizontal: 1, stealth: 2, udp: 3, slow: 4 } as const;

export type ScanClass = (typeof ScanClass)[keyof typeof ScanClass];

/** What a `scan` event says of its scan: each start is followed by one end. */
export type ScanState = 'start' | 'update' | 'end';

/** Why a connection ended: IPFIX information element 136, flowEndReason. */
export const FlowEnd = {
  none: 0,
  /** Silent for too long. */
  idle: 1,
  active: 2,
  /** By its own FIN or RST, or refused. */
  end: 3,
  /** The program stopped, or the capture ended. */
  forced: 4,
  /** More than are followed at once. */
  resources: 5,
} as const;

/** By FlowEnd, as IPFIX names them. */
export const FLOW_ENDS = [
  '',
  'idle timeout',
  'active timeout',
  'end of flow',
  'forced end',
  'lack of resources',
] as const;

/** What packets were wrapped in, in the order of enum pw_tunnel (bpf/events.h). */
export const TUNNELS = ['', 'ip', 'gre', 'vxlan', 'geneve', 'teredo', 'gtp', 'ayiya'] as const;

/** How a connection began and ended, from the lowest bit of enum pw_form (bpf/events.h). */
export const FORMS = [
  'simultaneous open',
  'simultaneous close',
  'half close',
  'midstream',
  'flipped',
] as const;

/** Of a scan: silent for a window; the program stopped; more scans than are followed at once. */
export type EndReason = 'idle timeout' | 'forced end' | 'lack of resources';

/** Which way a connection went, in the order of enum pw_direction (bpf/events.h). */
export const DIRECTIONS = ['unknown', 'inbound', 'outbound', 'local', 'forwarded'] as const;

export type DirectionName = (typeof DIRECTIONS)[number];

/** How a connection ended. */
export const OUTCOMES = ['', 'ok', 'refused', 'timeout', 'reset', 'dropped'] as const;

/** Index in OUTCOMES; 0: not ended. */
export const Outcome = { none: 0, ok: 1, refused: 2, timeout: 3, reset: 4, dropped: 5 } as const;

export type Outcome = (typeof Outcome)[keyof typeof Outcome];

export type OutcomeName = Exclude<(typeof OUTCOMES)[number], ''>;

/** Zeek's conn_state values; the meanings are in scripts/base/protocols/conn/main.zeek. */
export const CONN_STATES = [
  '',
  'S0',
  'S1',
  'SF',
  'REJ',
  'S2',
  'S3',
  'RSTO',
  'RSTR',
  'OTH',
  'RSTOS0',
  'RSTRH',
  'SH',
  'SHR',
] as const;

/** Index in CONN_STATES; 0: not ended. */
export const ConnState = {
  none: 0,
  S0: 1,
  S1: 2,
  SF: 3,
  REJ: 4,
  S2: 5,
  S3: 6,
  RSTO: 7,
  RSTR: 8,
  OTH: 9,
  RSTOS0: 10,
  RSTRH: 11,
  SH: 12,
  SHR: 13,
} as const;

export type ConnState = (typeof ConnState)[keyof typeof ConnState];
