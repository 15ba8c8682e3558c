import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../wire/address.ts';
import { communityTuple } from './community-id.ts';

function communityId(
  src: string,
  srcPort: number,
  dst: string,
  dstPort: number,
  proto = 0,
): string {
  const bytes = new Uint8Array(36);
  bytes.set(parseAddress(src)!, 0);
  bytes.set(parseAddress(dst)!, 16);
  new Uint16Array(bytes.buffer).set([srcPort, dstPort], 16);
  const tuple = new Uint8Array(40);
  const length = communityTuple(tuple, bytes, 0, 32, !src.includes(':'), proto);
  return `1:${createHash('sha1').update(tuple.subarray(0, length)).digest('base64')}`;
}

/** From the specification's baseline, seed 0; 0 is TCP. */
const BASELINE: [number, string, number, string, number, string][] = [
  [0, '128.232.110.120', 34855, '66.35.250.204', 80, '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
  [
    6,
    '2001:470:e5bf:dead:4957:2174:e82c:4887',
    63943,
    '2607:f8b0:400c:c03::1a',
    25,
    '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
  ],
  [17, '192.168.1.52', 54585, '8.8.8.8', 53, '1:d/FP5EW3wiY1vCndhwleRRKHowQ='],
  [1, '192.168.0.89', 8, '192.168.0.1', 0, '1:X0snYXpgwiv9TZtqg64sgzUn6Dk='],
  [
    58,
    'fe80::200:86ff:fe05:80da',
    135,
    'fe80::260:97ff:fe07:69ea',
    136,
    '1:dGHyGvjMfljg6Bppwm3bg0LO8TY=',
  ],
];

/** Of messages that nothing answers: the second port is their code. */
const ONE_WAY: [number, string, number, string, number, string][] = [
  [1, '10.0.0.1', 11, '10.0.0.2', 0, '1:YHxtAirCG//0OzkcVAukqKQN9xM='],
  [
    58,
    '3ffe:501:410:0:2c0:dfff:fe47:33e',
    1,
    '3ffe:507:0:1:200:86ff:fe05:80da',
    4,
    '1:hLZd0XGWojozrvxqE0dWB1iM6R0=',
  ],
];

describe('communityTuple', () => {
  for (const [proto, src, srcPort, dst, dstPort, expected] of BASELINE) {
    it(`${src}:${srcPort} > ${dst}:${dstPort} of protocol ${proto}, either way`, () => {
      expect(communityId(src, srcPort, dst, dstPort, proto)).toBe(expected);
      expect(communityId(dst, dstPort, src, srcPort, proto)).toBe(expected);
    });
  }

  for (const [proto, src, type, dst, code, expected] of ONE_WAY) {
    it(`${src} > ${dst}, type ${type} of protocol ${proto}, this way alone`, () => {
      expect(communityId(src, type, dst, code, proto)).toBe(expected);
      expect(communityId(dst, type, src, code, proto)).not.toBe(expected);
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
