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
