import type { WallClock } from '../sinks/sink.ts';

/** CLOCK_MONOTONIC, nanoseconds, of performance.now() = 0: process.hrtime() makes an array at each call. */
const BASE_NS = Math.min(...Array.from({ length: 8 }, measureBase));

/** A call that was interrupted between its two readings gives too much, so the least of some is right. */
function measureBase(): number {
  const before = Number(process.hrtime.bigint());
  return before - performance.now() * 1e6;
}

/** CLOCK_MONOTONIC, nanoseconds; right to a microsecond. */
export function monotonicNs(): number {
  return BASE_NS + performance.now() * 1e6;
}

/** Wall time of monotonic time; corrected once a second, so that clock steps and suspends show. */
export class Clock implements WallClock {
  offsetUs = 0;

  constructor() {
    this.correct();
  }

  correct(): void {
    this.offsetUs = Math.round(
      (performance.timeOrigin + performance.now()) * 1000 - monotonicNs() / 1000,
    );
    const drift = Date.now() * 1000 - (monotonicNs() / 1000 + this.offsetUs);
    if (Math.abs(drift) > 2000) this.offsetUs += Math.round(drift);
  }
}
