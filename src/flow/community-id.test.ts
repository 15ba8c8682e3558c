import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../wire/address.ts';
import { communityTuple } from './community-id.ts';

function communityId(src: string, srcPort: number, dst: string, dstPort: number): string {
  const bytes = new Uint8Array(36);
  bytes.set(parseAddress(src)!, 0);
  bytes.set(parseAddress(dst)!, 16);
  new Uint16Array(bytes.buffer).set([srcPort, dstPort], 16);
  const tuple = new Uint8Array(40);
  const length = communityTuple(tuple, bytes, 0, 32, !src.includes(':'));
  return `1:${createHash('sha1').update(tuple.subarray(0, length)).digest('base64')}`;
}

/** From the specification's baseline, seed 0: its TCP and IPv6 captures. */
const BASELINE: [string, number, string, number, string][] = [
  ['128.232.110.120', 34855, '66.35.250.204', 80, '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
  [
    '2001:470:e5bf:dead:4957:2174:e82c:4887',
    63943,
    '2607:f8b0:400c:c03::1a',
    25,
    '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
  ],
];

describe('communityTuple', () => {
  for (const [src, srcPort, dst, dstPort, expected] of BASELINE) {
    it(`${src}:${srcPort} > ${dst}:${dstPort}, either way`, () => {
      expect(communityId(src, srcPort, dst, dstPort)).toBe(expected);
      expect(communityId(dst, dstPort, src, srcPort)).toBe(expected);
    });
  }

  it('orders by the port when the addresses are equal, and IPv6 by its bytes', () => {
    expect(communityId('127.0.0.1', 443, '127.0.0.1', 5)).toBe(
      communityId('127.0.0.1', 5, '127.0.0.1', 443),
    );
    expect(communityId('fe80::1', 1, '2001:db8::1', 2)).toBe(
      communityId('2001:db8::1', 2, 'fe80::1', 1),
    );
    expect(communityId('fe80::1', 1, '2001:db8::1', 2)).not.toBe(
      communityId('fe80::1', 2, '2001:db8::1', 1),
    );
  });
});
