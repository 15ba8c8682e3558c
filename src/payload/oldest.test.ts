import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Oldest } from './oldest.ts';

it('gives what has been in a map longest, whatever is put there and deleted in between', () => {
  const step = fc.oneof(
    fc.record({ put: fc.nat(9) }),
    fc.record({ drop: fc.nat(9) }),
    fc.constant('take' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new Map<number, true>();
      const oldest = new Oldest(map);
      const taken: (number | undefined)[] = [];
      const first: (number | undefined)[] = [];
      for (const act of steps) {
        if (act === 'take') {
          first.push(map.keys().next().value);
          const one = oldest.next();
          taken.push(one);
          if (one !== undefined) map.delete(one);
        } else if ('put' in act) map.set(act.put, true);
        else map.delete(act.drop);
      }
      expect(taken).toEqual(first);
    }),
  );
});
