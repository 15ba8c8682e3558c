/** The filter and tcpdump on the same frames: both take the same ones, and refuse the same mistakes. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { onPath } from '../support/suite.ts';
import { filters, MISTAKES, NONE, SOME } from './filter-cases.ts';
import { byFilter, byTcpdump } from './filter-frames.ts';

/** Each starts tcpdump, which takes 10 ms. */
const RUNS = 200;

describe('the filter and tcpdump', () => {
  beforeEach((context) => {
    if (!onPath('tcpdump')) context.skip('not installed: tcpdump');
  });

  test.each(SOME)("take the same frames by '%s'", (filter) => {
    const frames = byTcpdump(filter);
    expect(frames).toEqual(expect.arrayContaining([expect.any(Number)]));
    expect(byFilter(filter)).toEqual(frames);
  });

  test.each(NONE)("take no frame by '%s'", (filter) => {
    expect(byTcpdump(filter)).toEqual([]);
    expect(byFilter(filter)).toEqual([]);
  });

  test.each(MISTAKES)("refuse '%s'", (filter) => {
    expect(byTcpdump(filter)).toBeUndefined();
    expect(byFilter(filter)).toBeUndefined();
  });

  test('take the same frames by whatever tcpdump accepts', () => {
    let accepted = 0;
    fc.assert(
      fc.property(filters, (filter) => {
        const frames = byTcpdump(filter);
        if (frames === undefined) return;
        accepted++;
        expect(byFilter(filter)).toEqual(frames);
      }),
      { numRuns: RUNS },
    );
    expect(accepted).toBeGreaterThan(RUNS / 2);
  });
});
