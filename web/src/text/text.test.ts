import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, duration, endpoint, percent, rate, short } from './format.ts';
import { visible } from './visible.ts';

describe('numbers', () => {
  it.each([
    [bytes(0), '0 B'],
    [bytes(1023), '1023 B'],
    [bytes(1024), '1.00 KiB'],
    [bytes(1536), '1.50 KiB'],
    [bytes(5e9), '4.66 GiB'],
    [bytes(Number.NaN), ''],
    [short(999), '999'],
    [short(12_345), '12.3k'],
    [short(999_999), '1.00M'],
    [duration(0.000_05), '50.0 µs'],
    [duration(0.1234), '123 ms'],
    [duration(7.5), '7.50 s'],
    [duration(125), '2 m 05 s'],
    [duration(7260), '2 h 01 m'],
    [duration(1e6), '11 d 13 h'],
    [duration(Number.NaN), ''],
    [rate(0), '0'],
    [rate(3.14), '3.1'],
    [rate(5000), '5.00k'],
    [percent(0.034), '3.4 %'],
    [percent(1), '100 %'],
    [endpoint('2001:db8::1', 443), '[2001:db8::1]:443'],
    [endpoint('192.0.2.1', 80), '192.0.2.1:80'],
  ])('%s', (told, expected) => expect(told).toBe(expected));

  it('of bytes have at most four characters and a unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e18, noNaN: true }), (value) => {
        expect(bytes(value)).toMatch(/^[\d.]{1,5} ([KMGTP]i)?B$/);
      }),
    );
  });
});

describe('text of strangers', () => {
  it.each([
    ['nginx', 'nginx'],
    ['größe 猫 🐈', 'größe 猫 🐈'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['a\nb\u0000', 'a\\x0ab\\x00'],
    ['user\u202excod.exe', 'user\\u202excod.exe'],
    ['zero\u200bwidth', 'zero\\u200bwidth'],
    ['half \ud800', 'half \\ud800'],
    ['\u{e0041}', '\\u{e0041}'],
  ])('%j', (text, expected) => expect(visible(text)).toBe(expected));

  it('has nothing without a shape left, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });
});
