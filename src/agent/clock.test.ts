import { describe, expect, it } from 'vitest';
import { monotonicNs } from '../kernel/monotonic.ts';
import { Clock } from './clock.ts';

/** Clocks that move when they are told to; the wall clock shows whole milliseconds. */
function clocks() {
  const state = { wallUs: Date.UTC(2026, 10, 21) * 1000 + 700, monotonicUs: 5e9 };
  const clock = new Clock({
    wallMs: () => Math.floor(state.wallUs / 1000),
    monotonicNs: () => state.monotonicUs * 1000,
  });
  /** Time that both count, and what the wall clock is off by then, microseconds. */
  const pass = (us: number, wall = us): number => {
    state.monotonicUs += us;
    state.wallUs += wall;
    clock.correct();
    return state.monotonicUs + clock.offsetUs - state.wallUs;
  };
  return { state, clock, pass };
}

const HOUR = 3600e6;

describe('Clock', () => {
  it('is right to a millisecond at once, and gets finer with every look', () => {
    const { pass } = clocks();
    expect(Math.abs(pass(0))).toBeLessThanOrEqual(1000);
    let off = 0;
    for (let i = 0; i < 200; i++) off = pass(10_037);
    expect(Math.abs(off)).toBeLessThan(50);
  });

  it('is right to some microseconds once it has seen a millisecond begin', () => {
    let us = Date.UTC(2026, 10, 21) * 1000 + 300;
    const first = us;
    const clock = new Clock({
      wallMs: () => Math.floor(us++ / 1000),
      monotonicNs: () => us++ * 1000,
    });
    clock.aim();
    expect(Math.abs(clock.offsetUs)).toBeLessThan(10);
    expect(us - first).toBeLessThan(1500);
  });

  for (const [name, step] of [
    ['forward', HOUR],
    ['back', -HOUR],
    ['forward by a year', 365 * 24 * HOUR],
    ['back by five milliseconds', -5000],
  ] as const)
    it(`follows a step ${name} at the next look`, () => {
      const { pass } = clocks();
      pass(10_000);
      expect(Math.abs(pass(10_000, 10_000 + step))).toBeLessThanOrEqual(1000);
    });

  it('is right at the first look after a suspend, in which only the wall clock goes on', () => {
    const { pass } = clocks();
    pass(10_000);
    expect(Math.abs(pass(10_000, 8 * HOUR))).toBeLessThanOrEqual(1000);
  });

  it('follows a clock that is slewed, without jumps', () => {
    const { clock, pass } = clocks();
    for (let i = 0; i < 200; i++) pass(10_037);
    for (let i = 0; i < 1000; i++) {
      const before = clock.offsetUs;
      expect(Math.abs(pass(10_037, 10_042))).toBeLessThan(300); // 500 ppm, as much as adjtimex(2) does
      expect(clock.offsetUs - before).toBeLessThan(300);
    }
  });

  it('is no less right when it is interrupted between two readings', () => {
    const state = { wallUs: 1e15, monotonicUs: 5e9, slow: 0 };
    const clock = new Clock({
      wallMs: () => Math.floor(state.wallUs / 1000),
      monotonicNs: () => {
        const ns = state.monotonicUs * 1000;
        state.monotonicUs += state.slow;
        state.wallUs += state.slow;
        return ns;
      },
    });
    const right = clock.offsetUs;
    state.slow = 50_000;
    clock.correct();
    expect(Math.abs(clock.offsetUs - right)).toBeLessThanOrEqual(1000);
  });

  it('gives the time of day of the system', () => {
    const clock = new Clock();
    const us = monotonicNs() / 1000 + clock.offsetUs;
    expect(Math.abs(Date.now() * 1000 - us)).toBeLessThan(1e6);
  });
});
