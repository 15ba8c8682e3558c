/** Ten years of uptime, and wall clocks that step: what is told doesn't depend on when the machine was started. */
import { describe, expect, it } from 'vitest';
import { linesOf, OFFSET_US } from '../../test/flow/lines.ts';
import type { Spec } from '../../test/flow/records.ts';
import { Flag } from '../wire/layout.gen.ts';
import { TcpState } from '../model/tcp-state.ts';

/** Seconds whose nanoseconds are a multiple of 2^20, so that numbers beyond 2^53 still tell them apart. */
const exact = (seconds: number): number => (Math.round((seconds * 1e9) / 2 ** 20) * 2 ** 20) / 1e9;
const EPOCHS = [
  ['the day of the start', exact(86_400)],
  ['2^53 ns, 104 days', 2 ** 53 / 1e9],
  ['10 years', exact(3650 * 86_400)],
] as const;

const socket = { comm: 'nginx', pid: 20, uid: 33, sent: 500, received: 80 };

/** A connection, one that nobody answers, a half-open one, a refused one, and a scan that ends: all deadlines. */
function told(form: 'text' | 'json', epoch: number): string[] {
  const { feed, flow, sink, lines, clock } = linesOf(form);
  clock.offsetUs = OFFSET_US - epoch * 1e6;
  const at = (seconds: number): number => epoch + exact(seconds);
  const one = (spec: Spec): void => feed({ ...spec, at: at(spec.at!) });
  const tick = (seconds: number): void => flow.tick(at(seconds) * 1e9);
  one({ kind: 'ATTEMPT', at: 100 });
  one({ kind: 'ATTEMPT', at: 100.1, srcPort: 2 });
  one({ kind: 'ATTEMPT', at: 100.2, srcPort: 3 });
  one({ kind: 'REFUSED', at: 100.3, srcPort: 3 });
  feed({ kind: 'OPEN', at: at(100.4), flags: Flag.PASSIVE, socket: { ...socket, start: at(100) } });
  tick(103);
  tick(103.2);
  one({ kind: 'ATTEMPT', at: 103.3, srcPort: 3 }); // again, which was told
  feed({
    kind: 'SCAN',
    at: at(104),
    verdict: { ports: [1, 2, 3, 4], first: at(100), until: at(164), scan: 'VERTICAL' },
    flags: Flag.BLOCKED,
  });
  feed({
    kind: 'CLOSE',
    at: at(3700),
    flags: Flag.PASSIVE,
    socket: { ...socket, start: at(100), state: TcpState.LAST_ACK },
  });
  tick(3800);
  sink.loss('attempts', 5, at(3800) * 1e9);
  return lines().map((line) => line.replaceAll(/(\.\d{5})\d/g, '$1')); // to 10 us
}

describe.each(['text', 'json'] as const)('what is told as %s', (form) => {
  it.each(EPOCHS)('is the same after %s of uptime', (_, epoch) => {
    const first = told(form, 0);
    expect(first.length).toBeGreaterThanOrEqual(9);
    expect(told(form, epoch)).toEqual(first);
  });
});

describe('a step of the wall clock', () => {
  it.each([
    ['forward', 3600e6],
    ['back', -3600e6],
  ])('%s changes the times of what comes after it, and no duration', (_, stepUs) => {
    const { feed, lines, clock } = linesOf('json');
    feed({ kind: 'ATTEMPT', at: 100 });
    feed({ kind: 'OPEN', at: 101, flags: Flag.PASSIVE, socket: { ...socket, start: 100 } });
    const before = lines().map((line) => JSON.parse(line) as { ts: string });
    clock.offsetUs += stepUs;
    feed({
      kind: 'CLOSE',
      at: 130,
      flags: Flag.PASSIVE,
      socket: { ...socket, start: 100, state: TcpState.LAST_ACK },
    });
    const [close] = lines().map((line) => JSON.parse(line) as Record<string, string>);
    expect(close).toMatchObject({ event: 'connection.close', duration_s: 30 });
    const [attemptMs, closeMs, startMs] = [before[0]!.ts, close!['ts']!, close!['start_ts']!].map(
      (ts) => Date.parse(ts),
    );
    expect(closeMs! - attemptMs!).toBe(30_000 + stepUs / 1000);
    expect(closeMs! - startMs!).toBe(30_000); // in the time of the line that tells it
  });
});
