import { describe, expect, it } from 'vitest';
import { contains, formatPrefix, parsePrefix } from './prefix.ts';

describe('parsePrefix', () => {
  it.each([
    ['10.1.0.0/16', '10.1.0.0/16', 112],
    ['10.1.2.3/16', '10.1.0.0/16', 112],
    ['10.1.2.3', '10.1.2.3', 128],
    ['10.1.2.3/32', '10.1.2.3', 128],
    ['0.0.0.0/0', '0.0.0.0/0', 96],
    ['2001:db8::/32', '2001:db8::/32', 32],
    ['2001:db8:ffff::7/33', '2001:db8:8000::/33', 33],
    ['2001:db8::7', '2001:db8::7', 128],
    ['::ffff:10.1.2.3/128', '10.1.2.3', 128],
    ['::1', '::1', 128],
    ['2000::/3', '2000::/3', 3],
  ])('%s', (text, written, length) => {
    const prefix = parsePrefix(text)!;
    expect(formatPrefix(prefix)).toBe(written);
    expect(prefix.length).toBe(length);
  });

  it.each([
    '',
    '/',
    '10.1.0.0/',
    '10.1.0.0/33',
    '10.1/16',
    '2001:db8::/129',
    '::/0',
    '::/96',
    '10.0.0.0/-1',
    'x/8',
    '10.0.0.0/8/8',
  ])('nothing in %j', (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });
});

describe('contains', () => {
  it.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.1.0.0/16', '10.2.0.1', false],
    ['2001:db8::/32', '2001:db8:1::/48', true],
    ['2001:db8::/32', '10.1.2.3', false],
  ])('%s %s: %s', (outer, inner, expected) => {
    expect(contains(parsePrefix(outer)!, parsePrefix(inner)!)).toBe(expected);
  });
});
