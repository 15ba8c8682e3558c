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
      for (const one of steps) {
        if (one === 'take') {
          const [first] = map.keys();
          const taken = oldest.next();
          expect(taken).toBe(first);
          if (taken !== undefined) map.delete(taken);
        } else if ('put' in one) map.set(one.put, true);
        else map.delete(one.drop);
      }
    }),
  );
});
