import { describe, expect, it } from 'vitest';
import { Sampling } from './sampling.ts';

describe('sampling', () => {
  it('tells the share of the last seconds, and all that was left out', () => {
    const sampling = new Sampling();
    sampling.put(1, 0, 100, 0);
    expect(sampling.share(0)).toBe(1);
    sampling.put(4, 300, 100, 1000);
    sampling.put(2, 100, 100, 2000);
    expect(sampling.oneIn).toBe(2);
    expect(sampling.share(2000)).toBeCloseTo(200 / 600);
    expect(sampling.share(6500)).toBeCloseTo(0.5);
    expect(sampling.share(60_000)).toBe(1);
    expect(sampling.skipped).toBe(400);
  });
});
