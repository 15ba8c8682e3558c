import type { Counts } from './answers.ts';

/** What is drawn of each second. */
export const RATED = ['attempts', 'opened', 'failed', 'closed'] as const;

export type Rated = (typeof RATED)[number];

/** Seconds that are kept. */
export const KEPT = 300;

/** Rates of the last minutes, from totals that the program tells each second. */
export class Rates {
  /** Oldest first; per second. */
  readonly points: ({ readonly ms: number; readonly live: number } & Record<Rated, number>)[] = [];
  last: Counts | undefined;

  put(counts: Counts): void {
    const before = this.last;
    this.last = counts;
    if (before === undefined) return;
    const ms = Date.parse(counts.ts);
    const seconds = (ms - Date.parse(before.ts)) / 1000;
    // Totals that fall are those of another run
    if (!(seconds > 0) || counts.attempts < before.attempts) return;
    const per = (name: Rated) => Math.max(0, counts[name] - before[name]) / seconds;
    this.points.push({
      ms,
      live: counts.live,
      attempts: per('attempts'),
      opened: per('opened'),
      failed: per('failed'),
      closed: per('closed'),
    });
    if (this.points.length > KEPT) this.points.shift();
  }

  /** Per second, over the last three points: one alone jumps. */
  now(name: Rated): number {
    const recent = this.points.slice(-3);
    return recent.reduce((sum, point) => sum + point[name], 0) / recent.length;
  }
}
