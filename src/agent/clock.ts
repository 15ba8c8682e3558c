import type { WallClock } from '../sinks/sink.ts';

/** CLOCK_MONOTONIC, nanoseconds. */
export function monotonicNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
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
