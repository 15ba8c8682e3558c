import { expect, test } from 'vitest';
import { amount, duration } from './amounts.ts';

test.each([
  [0, '0'],
  [999, '999'],
  [999.6, '1.0k'],
  [1234, '1.2k'],
  [9949, '9.9k'],
  [9950, '10k'],
  [999_400, '999k'],
  [999_500, '1.0M'],
  [2 ** 53, '9.0P'],
  [1e18, '1000P'],
])('%d is %s', (value, text) => {
  expect(amount(value)).toBe(text);
});

test.each([
  [undefined, '-'],
  [43, '43us'],
  [999.5, '1.0ms'],
  [1234, '1.2ms'],
  [9_950, '10ms'],
  [999_499, '999ms'],
  [999_500, '1.0s'],
  [120e6, '120s'],
])('%d us are %s', (us, text) => {
  expect(duration(us)).toBe(text);
});
