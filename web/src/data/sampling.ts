/** How long what was left out is told after the last time. */
const TOLD_MS = 5000;

/** What the table doesn't show, because more came than is sent to a browser. */
export class Sampling {
  /** One in so many connections is shown. */
  oneIn = 1;
  /** Events that were not sent, in all. */
  skipped = 0;
  #shown = 0;
  #recent: { readonly ms: number; readonly shown: number; readonly skipped: number }[] = [];

  put(sampled: number, skipped: number, shown: number, nowMs: number): void {
    this.oneIn = Math.max(1, sampled);
    this.skipped += skipped;
    this.#shown += shown;
    if (sampled > 1 || skipped > 0) this.#recent.push({ ms: nowMs, shown, skipped });
    this.#recent = this.#recent.filter(({ ms }) => nowMs - ms < TOLD_MS);
  }

  /** The share of events that was shown lately; 1 when all were. */
  share(nowMs: number): number {
    const recent = this.#recent.filter(({ ms }) => nowMs - ms < TOLD_MS);
    const shown = recent.reduce((sum, each) => sum + each.shown, 0);
    const skipped = recent.reduce((sum, each) => sum + each.skipped, 0);
    return skipped === 0 ? 1 : shown / (shown + skipped);
  }

  /** Of all events since the page was opened. */
  get total(): { readonly shown: number; readonly skipped: number } {
    return { shown: this.#shown, skipped: this.skipped };
  }
}
