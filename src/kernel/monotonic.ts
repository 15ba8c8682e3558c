import { readFileSync } from 'node:fs';

/**
 * What a time namespace (time_namespaces(7)) adds to our CLOCK_MONOTONIC, and not to that of the kernel's programs;
 * seconds and nanoseconds, which as one number would not be exact.
 */
export const TIME_NAMESPACE: { readonly seconds: number; readonly nanoseconds: number } =
  timeNamespace();

/** CLOCK_MONOTONIC, nanoseconds, of performance.now() = 0: process.hrtime() makes an array at each call. */
const BASE_NS =
  Math.max(...Array.from({ length: 8 }, measureBase)) -
  (TIME_NAMESPACE.seconds * 1e9 + TIME_NAMESPACE.nanoseconds);

/** A call that was interrupted between its two readings gives too little, so the most of some is right. */
function measureBase(): number {
  const before = Number(process.hrtime.bigint());
  return before - performance.now() * 1e6;
}

function timeNamespace(): { seconds: number; nanoseconds: number } {
  try {
    const [, seconds, nanoseconds] = /^monotonic +(-?\d+) +(\d+)/.exec(
      readFileSync('/proc/self/timens_offsets', 'latin1'),
    )!;
    return { seconds: Number(seconds), nanoseconds: Number(nanoseconds) };
  } catch {
    return { seconds: 0, nanoseconds: 0 }; // a kernel without them
  }
}

/**
 * CLOCK_MONOTONIC as the kernel's programs read it, nanoseconds; right to a microsecond. It stands still while the
 * machine is suspended. A number is exact to 2 ns after 104 days of uptime (2^53 ns), to 64 ns after ten years.
 */
export function monotonicNs(): number {
  return BASE_NS + performance.now() * 1e6;
}
