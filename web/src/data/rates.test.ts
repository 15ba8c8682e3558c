import { describe, expect, it } from 'vitest';
import type { Counts } from './answers.ts';
import { KEPT, Rates } from './rates.ts';

const counts = (second: number, attempts: number): Counts => ({
  ts: new Date(1e12 + second * 1000).toISOString(),
  attempts,
  opened: 0,
  failed: 0,
  closed: 0,
  live: 3,
  lost: 0,
});

describe('rates', () => {
  it('are differences of totals over the time between, of the last three points', () => {
    const rates = new Rates();
    for (const [second, total] of [
      [0, 100],
      [1, 110],
      [3, 150],
      [4, 180],
    ] as const)
      rates.put(counts(second, total));
    expect(rates.points.map(({ attempts }) => attempts)).toEqual([10, 20, 30]);
    expect(rates.now('attempts')).toBe(20);
  });

  it('have no point between two runs, whose totals begin anew', () => {
    const rates = new Rates();
    for (const [second, total] of [
      [0, 100],
      [1, 5],
      [2, 9],
    ] as const)
      rates.put(counts(second, total));
    expect(rates.points.map(({ attempts }) => attempts)).toEqual([4]);
  });

  it('are kept for some minutes', () => {
    const rates = new Rates();
    for (let second = 0; second < KEPT * 2; second++) rates.put(counts(second, second));
    expect(rates.points).toHaveLength(KEPT);
  });
});
