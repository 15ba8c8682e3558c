import { expect, it } from 'vitest';
import { RecentKeys } from './proc-recent.ts';

it('remembers at least the last keys up to its limit, and at most twice as many', () => {
  const recent = new RecentKeys(3);
  for (const key of ['a', 'b', 'c', 'd', 'e']) expect(recent.add(key)).toBe(false);
  for (const key of ['c', 'd', 'e']) expect(recent.add(key)).toBe(true);
  const many = new RecentKeys(3);
  for (let i = 0; i < 100; i++) many.add(String(i));
  expect(many.add('0')).toBe(false);
});
