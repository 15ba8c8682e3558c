import {
  type DirectionName,
  DIRECTIONS,
  EVENT_NAMES,
  type EventName,
  type OutcomeName,
  OUTCOMES,
  SCAN_KINDS,
  type ScanKindName,
} from '../model/events.ts';
import { Kind } from '../wire/layout.gen.ts';

export type KindName = Lowercase<Exclude<keyof typeof Kind, 'NONE'>>;

/** What became of the records of one kind: `taken = applied + merged + late`. */
export interface KindCounts {
  readonly taken: number;
  /** Led to an event, to a connection's end, or to a silently known connection. */
  readonly applied: number;
  /** Said more of something told already: another sighting, the second end, a listener. */
  readonly merged: number;
  /** Came after all of its connection was told. */
  readonly late: number;
}

/**
 * Everything that went through the flow. These hold at any time:
 * - `records[k].taken = applied + merged + late` for each kind `k`
 * - `events['connection.attempt'] = records.attempt.applied + inferred`
 * - `events['connection.attempt']` = the sum of `attempts`
 * - `events` of refused + timeout + reset + close = the sum of `outcomes`
 * - `events['connection.attempt'] + existing + revived + unasked = refused + timeout + reset + close events + forwarded + evicted + unclosed + live`
 */
export interface FlowCounts {
  readonly records: Readonly<Record<KindName, KindCounts>>;
  readonly events: Readonly<Record<EventName, number>>;
  /** New connections, as their attempts were told. */
  readonly attempts: Readonly<Record<DirectionName, Readonly<Record<'ipv4' | 'ipv6', number>>>>;
  /** Connections that ended. */
  readonly outcomes: Readonly<Record<OutcomeName, number>>;
  /** Scans found; `events.scan` is how often they were told. */
  readonly scans_found: Readonly<Record<ScanKindName, number>>;
  /** Attempts told because a later record of an unseen attempt came. */
  readonly inferred: number;
  /** Connections older than the program. */
  readonly existing: number;
  /** Connections that came back after they were evicted or told as unanswered. */
  readonly revived: number;
  /** Connections of which packets were seen, but no attempt: of UDP, of ICMP, or begun before. */
  readonly unasked: number;
  /** Connections let go at their open, because no socket of this host will tell their close. */
  readonly forwarded: number;
  /** Connections let go because there were more than `maxConnections`. */
  readonly evicted: number;
  /** Connections let go because their socket is gone and the record of their close was lost. */
  readonly unclosed: number;
  /** Connections whose open was never told, which their end shows: its record was lost, or no program saw it. */
  readonly unopened: number;
  /** Connections followed now. */
  readonly live: number;
  /** Scans followed now. */
  readonly scans: number;
  /** Verdicts that were not told, because they add little to what was told of the same source, victim and kind. */
  readonly suppressed: number;
  /** Scans told as ended early, because there were more than are followed at once. */
  readonly scans_evicted: number;
  /** Attempts that the kernel summed. */
  readonly summed: number;
  /** Records of a kind that this program doesn't know. */
  readonly unknown: number;
}

/** What the ScanBook counts itself. */
export interface ScanCounts {
  readonly size: number;
  /** By ScanClass. */
  readonly found: ArrayLike<number>;
  readonly suppressed: number;
  readonly evicted: number;
}

/** The counters behind FlowCounts, as they are counted on the path. */
export class Tally {
  readonly records: Float64Array = new Float64Array(256);
  readonly applied: Float64Array = new Float64Array(KINDS.length);
  readonly merged: Float64Array = new Float64Array(KINDS.length);
  readonly late: Float64Array = new Float64Array(KINDS.length);
  readonly events: Float64Array = new Float64Array(EVENT_NAMES.length);
  /** By direction, IPv4 and IPv6 in turns. */
  readonly attempts: Float64Array = new Float64Array(2 * DIRECTIONS.length);
  readonly outcomes: Float64Array = new Float64Array(OUTCOMES.length);
  inferred = 0;
  existing = 0;
  revived = 0;
  unasked = 0;
  forwarded = 0;
  evicted = 0;
  unclosed = 0;
  unopened = 0;
  summed = 0;
  unknown = 0;

  counts(live: number, scans: ScanCounts): FlowCounts {
    const records = {} as Record<KindName, KindCounts>;
    KINDS.forEach((name, kind) => {
      if (kind === Kind.NONE) return;
      records[name as KindName] = {
        taken: this.records[kind]!,
        applied: this.applied[kind]!,
        merged: this.merged[kind]!,
        late: this.late[kind]!,
      };
    });
    const events = {} as Record<EventName, number>;
    EVENT_NAMES.forEach((name, code) => {
      events[name] = this.events[code]!;
    });
    const attempts = {} as Record<DirectionName, { ipv4: number; ipv6: number }>;
    DIRECTIONS.forEach((name, i) => {
      attempts[name] = { ipv4: this.attempts[2 * i]!, ipv6: this.attempts[2 * i + 1]! };
    });
    const outcomes = {} as Record<OutcomeName, number>;
    OUTCOMES.forEach((name, i) => {
      if (name !== '') outcomes[name] = this.outcomes[i]!;
    });
    const found = {} as Record<ScanKindName, number>;
    SCAN_KINDS.forEach((name, i) => {
      found[name] = scans.found[i]!;
    });
    const { inferred, existing, revived, unasked, forwarded, evicted } = this;
    const { unclosed, unopened, summed, unknown } = this;
    return {
      records,
      events,
      attempts,
      outcomes,
      scans_found: found,
      inferred,
      existing,
      revived,
      unasked,
      forwarded,
      evicted,
      unclosed,
      unopened,
      live,
      scans: scans.size,
      suppressed: scans.suppressed,
      scans_evicted: scans.evicted,
      summed,
      unknown,
    };
  }
}

const KINDS = Object.keys(Kind).map((name) => name.toLowerCase());
