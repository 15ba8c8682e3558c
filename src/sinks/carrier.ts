/** Takes alerts to one receiver. An AlertQueue gives it what to carry, a batch at a time, and tries again. */
export interface Carrier {
  readonly by: 'webhook' | 'syslog';
  /** Who receives, for notes and `status`; no credentials and no path of a URL, which may be one. */
  readonly name: string;
  /** Lines that may go at once. */
  readonly batch: number;
  /** How long lines are gathered for a batch. */
  readonly gatherMs: number;
  /**
   * Delivers JSON lines, without their newlines: all, or it fails and they come again.
   * Throws Refused when another try would change nothing.
   * @param signal aborts: give up, close what is open
   */
  send(lines: readonly string[], signal: AbortSignal): Promise<void>;
  /** Closes what is open; nothing is sent after it. */
  close(): void;
}

/** The receiver was reached and doesn't want it. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
