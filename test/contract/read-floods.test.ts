/** `packetwatch read` of floods: each connection is told once, in bounded memory; what had to give way is counted. */
import { describe, expect, test } from 'vitest';
import { type FloodKind, packetFlood } from '../support/packet-flood.ts';
import { readWithPeak, useFiles } from '../support/read-command.ts';

/** How many connections; `make test-faults` has ten million. */
const COUNT = Number(process.env['PACKETWATCH_FLOOD'] ?? 0);
/** Lines, and those of connections that were told before their end. */
const TALLY = `awk '/lack of resources/ { early++ } END { print NR, early + 0 }'`;

/** Of which 60 are the program, and the rest what JavaScript leaves to be collected. */
const START_MB = 150;

interface Flood {
  readonly kind: FloodKind;
  /** When nothing else is asked for. */
  readonly count: number;
  /** Followed at once. */
  readonly most: number;
  /** For those. */
  readonly mostMB: number;
}

describe('a flood', () => {
  useFiles();

  // measured: 285 MB of attempts; of a million of others 630 MB, 870 MB with payload, 1050 MB with names
  const floods: Flood[] = [
    { kind: 'syn', count: 265_000, most: 262_144, mostMB: 400 },
    { kind: 'tls', count: 30_000, most: 1_048_576, mostMB: 900 },
    { kind: 'udp', count: 30_000, most: 1_048_576, mostMB: 900 },
    { kind: 'icmp', count: 30_000, most: 1_048_576, mostMB: 900 },
    { kind: 'dns', count: 30_000, most: 1_048_576, mostMB: 1200 },
  ];
  test.each(floods)('of $kind', { timeout: 600_000 }, async ({ kind, count, most, mostMB }) => {
    const all = COUNT > 0 ? COUNT : count;
    const input = packetFlood(kind, all, 1_000_000);
    const args = ['--records', 'connections', '-'];
    const { code, stdout, stderr, peakMB } = await readWithPeak(args, TALLY, {
      input,
      seconds: 600,
    });
    const early = Math.max(0, all - most);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${all} ${early}\n` });
    const told = /(\d+) connections were told before their end/.exec(stderr)?.[1] ?? 0;
    expect(Number(told)).toBe(early);
    expect(peakMB).toBeLessThan(START_MB + (mostMB - START_MB) * Math.min(1, all / most));
    if (COUNT > 0) console.log(`${all} of ${kind}: at most ${peakMB.toFixed(0)} MB`);
  });
});
