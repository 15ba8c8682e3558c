import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ranges } from './ranges.ts';

const all = (ranges: Ranges, list: number): [number, number][] => {
  const parts: [number, number][] = [];
  for (let node = list; node !== 0; node = ranges.next(node))
    parts.push([ranges.begin(node), ranges.end(node)]);
  return parts;
};

/** The same by marking each number. */
function plain(parts: readonly (readonly [number, number])[]): [number, number][] {
  const marks = Array.from({ length: 201 }, () => false);
  for (const [begin, end] of parts) marks.fill(true, begin, end);
  const found: [number, number][] = [];
  for (let at = 0; at < 200; at++) {
    if (!marks[at]) continue;
    const begin = at;
    while (marks[at]) at++;
    found.push([begin, at]);
  }
  return found;
}

it('are what is marked, ascending and apart, wherever the numbers begin', () => {
  const part = fc.tuple(fc.nat(180), fc.integer({ min: 1, max: 20 }));
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 40 }),
      fc.constantFrom(0, 2 ** 32 - 100),
      (parts, from) => {
        const ranges = new Ranges(1000);
        let list = 0;
        for (const [begin, length] of parts)
          list = ranges.add(list, (from + begin) >>> 0, (from + begin + length) >>> 0);
        const expected = plain(parts.map(([begin, length]) => [begin, begin + length] as const));
        expect(all(ranges, list)).toEqual(
          expected.map(([begin, end]) => [(from + begin) >>> 0, (from + end) >>> 0]),
        );
        for (const [begin, length] of parts)
          expect(ranges.has(list, (from + begin) >>> 0, (from + begin + length) >>> 0)).toBe(true);
      },
    ),
  );
});

it('use again what was freed, and are refused when all is in use', () => {
  const ranges = new Ranges(3);
  let list = 0;
  for (const begin of [10, 30, 50]) list = ranges.add(list, begin, begin + 10);
  expect(ranges.add(list, 70, 80)).toBe(-1);
  list = ranges.shift(list);
  expect(ranges.add(list, 70, 80)).toBe(list);
  expect(all(ranges, list)).toEqual([
    [30, 40],
    [50, 60],
    [70, 80],
  ]);
  ranges.drop(list);
  let again = 0;
  for (const begin of [1, 3, 5]) again = ranges.add(again, begin, begin + 1);
  expect(all(ranges, again)).toHaveLength(3);
});
