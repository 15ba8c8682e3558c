/** What the HTTP interface answers with, where it isn't an event (json.ts) or of the past (history.ts). */

/** Every answer that isn't what was asked for. */
export interface ApiError {
  readonly error: {
    /** For programs; the same for good. */
    readonly code: string;
    /** What is wrong, and the mend. */
    readonly message: string;
    readonly hint: string;
  };
}

/** The first message of a stream. */
export interface LiveHello {
  /** 16 hex digits, others at each start of the program. */
  readonly run: string;
  readonly version: string;
  readonly host: string;
  readonly started_ts: string;
  readonly filter: string | null;
  /** Last-Event-ID was of another run. */
  readonly restarted?: true;
  /** Last-Event-ID was of this run: events since, whether the filter lets them pass or not. */
  readonly missed?: number;
}

/** Once a second. Totals since the start but for `live`. */
export interface LiveCounts {
  readonly ts: string;
  readonly attempts: number;
  readonly opened: number;
  /** Refused, timed out or reset. */
  readonly failed: number;
  readonly closed: number;
  /** Connections followed now. */
  readonly live: number;
  readonly lost: number;
}

/** What a part of the program took, passed on and lost since its start. */
export interface Stage {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly lost: number;
  /** What is counted. */
  readonly what: string;
}

/** What was seen, lost and where, and what the program itself costs. */
export interface Health {
  readonly source: string;
  readonly limits: readonly string[];
  readonly stages: readonly Stage[];
  /** Per second, over the last 10 s or since the start. */
  readonly rates: {
    readonly records: number;
    readonly attempts: number;
    readonly opened: number;
    readonly failed: number;
    readonly closed: number;
    readonly lines: number;
    readonly lost: number;
  };
  readonly cost: {
    /** Of one core, over the same time. */
    readonly cpu_percent: number;
    readonly resident_bytes: number;
    readonly heap_bytes: number;
  };
}

/** What a source tried, newest first. */
export interface ProbesAnswer {
  readonly probes: readonly Probe[];
  /** What to ask with for those before them; null: there are none. */
  readonly more: string | null;
}

export interface Probe {
  readonly ts: string;
  readonly dst_ip: string;
  readonly dst_port: number;
  /** Absent: not known yet. */
  readonly outcome?: string;
}
