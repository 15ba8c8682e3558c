import { expect, it } from 'vitest';
import { PassiveNames } from './passive-names.ts';

const address = (n: number) => Buffer.alloc(16, n);

it('the name that nobody asked for or named longest goes first', () => {
  const names = new PassiveNames(3);
  for (const n of [1, 2, 3]) names.add(address(n), 0, `host${n}`);
  expect(names.name(address(1), 0)).toBe('host1');
  names.add(address(2), 0, 'host2');
  names.add(address(4), 0, 'host4');
  expect([1, 2, 3, 4].map((n) => names.name(address(n), 0))).toEqual([
    'host1',
    'host2',
    undefined,
    'host4',
  ]);
  expect(names.size).toBe(3);
});

it('the last name of an address is its name', () => {
  const names = new PassiveNames();
  const bytes = Buffer.alloc(40, 5);
  names.add(bytes, 3, 'a');
  names.add(address(5), 0, 'b');
  expect(names.name(bytes, 24)).toBe('b');
});
