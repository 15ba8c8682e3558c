import { monotonicNs } from '../kernel/monotonic.ts';
import type { WallClock } from '../sinks/sink.ts';

/** Date.now() counts milliseconds, so what it says began up to so long ago, microseconds. */
const TICK_US = 1000;
/** By then it has shown the next one, unless it was set meanwhile. */
const AIM_NS = 2e6;

/** The clocks that there are; a test gives its own. */
export interface Clocks {
  /** Date.now() */
  wallMs(): number;
  monotonicNs(): number;
}

const SYSTEM: Clocks = { wallMs: Date.now, monotonicNs };

/**
 * Wall time of monotonic time. Corrected before each look at the source, so that the first lines after a step of the
 * wall clock, or after a suspend, in which only the wall clock goes on, have the right time. Each correction only says
 * between which bounds the offset is; the offset moves no further than it must, and so gets finer than a millisecond.
 */
export class Clock implements WallClock {
  offsetUs: number = NaN;
  readonly #clocks: Clocks;

  constructor(clocks: Clocks = SYSTEM) {
    this.#clocks = clocks;
    this.correct();
  }

  /**
   * Looks until the wall clock shows its next millisecond, a millisecond at most: then the offset is right to a
   * microsecond, and what is told first has the same times in what is told later of it.
   */
  aim(): void {
    const clocks = this.#clocks;
    const [shownMs, sinceNs] = [clocks.wallMs(), clocks.monotonicNs()];
    do this.correct();
    while (clocks.wallMs() === shownMs && clocks.monotonicNs() - sinceNs < AIM_NS);
    this.correct();
  }

  correct(): void {
    const before = this.#clocks.monotonicNs();
    const wallUs = this.#clocks.wallMs() * 1000;
    const after = this.#clocks.monotonicNs();
    const least = wallUs - after / 1000;
    const most = wallUs + TICK_US - before / 1000;
    if (!(this.offsetUs >= least)) this.offsetUs = least;
    else if (this.offsetUs > most) this.offsetUs = most;
  }
}

/** RFC 3339 with microseconds, as in all lines. */
export function timeOf(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
