import { expect, it } from 'vitest';
import { parseAddress } from '../wire/address.ts';
import { isPrivate } from './private-address.ts';

it.each([
  ['10.0.0.1', true],
  ['11.0.0.1', false],
  ['100.63.255.255', false],
  ['100.127.255.255', true],
  ['100.128.0.0', false],
  ['172.31.0.1', true],
  ['172.32.0.1', false],
  ['192.0.0.9', true],
  ['192.0.1.9', false],
  ['198.19.0.1', true],
  ['223.255.255.255', false],
  ['224.0.0.251', true],
  ['224.0.1.1', false],
  ['255.255.255.255', true],
  ['::', true],
  ['::1', true],
  ['::2', false],
  ['2001:1ff::1', true],
  ['2001:200::1', false],
  ['2001:db8::1', true],
  ['2002:a01:203::1', true],
  ['2002:808:808::1', false],
  ['fdff::1', true],
  ['fe00::1', false],
  ['febf::1', true],
  ['2a00::1', false],
])('%s: %s', (text, expected) => {
  expect(isPrivate(parseAddress(text)!, 0)).toBe(expected);
});
