import { describe, expect, it } from 'vitest';
import { DistinctItems } from './distinct.ts';
import { KEY_WORDS } from './pair-table.ts';

const SECOND = 1e9;
const LIMIT = 3;

function items(everywhere: boolean, slots = LIMIT) {
  const all = new DistinctItems({
    sources: 1024,
    slots,
    windowNs: 60 * SECOND,
    everywhere,
    seed: 7,
  });
  const key = new Uint32Array(KEY_WORDS);
  return {
    all,
    /** A source touches an item of a victim. */
    touch: (source: number, victim: number, item: number, seconds: number, mark = 0): boolean => {
      key[3] = source;
      key[7] = victim;
      key[8] = mark;
      return all.touch(key, item, LIMIT, seconds * SECOND);
    },
  };
}

describe('distinct items', () => {
  it('are said once to be more than so many, with all of them', () => {
    const { all, touch } = items(false, 15);
    const said = [1, 2, 2, 3, 4, 5].map(
      (item, i) => touch(1, 1, item, i) && Array.from(all.items.slice(0, all.count).sort()),
    );
    expect(said).toEqual([false, false, false, false, [1, 2, 3, 4], false]);
    expect([all.count, all.touches, all.firstNs]).toEqual([4, 5, 0]);
  });

  it('are counted apart for each mark', () => {
    const { touch } = items(false);
    for (let item = 1; item <= 3; item++)
      for (const mark of [0, 1]) expect(touch(1, 1, item, item, mark)).toBe(false);
    expect([touch(1, 1, 4, 9, 1), touch(1, 1, 4, 9, 0)]).toEqual([true, true]);
  });

  it('of many victims in turns are all found where each victim is a host of its own', () => {
    const found = (everywhere: boolean): number => {
      const { touch } = items(everywhere);
      let count = 0;
      for (let item = 1; item <= 4; item++)
        for (let victim = 1; victim <= 50; victim++) if (touch(1, victim, item, item)) count++;
      return count;
    };
    expect(found(true)).toBe(50);
    expect(found(false)).toBeLessThan(5); // of one source four ways are kept, as in the kernel
  });
});
