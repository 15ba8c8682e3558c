import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { address, decimal, digits, endpoint, hex16 } from './write.ts';

const out = new Uint8Array(128);
const text = (end: number): string => new TextDecoder().decode(out.subarray(3, end));

describe('writers', () => {
  it('write numbers as String() does', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(0xffffffff), fc.nat(100)), (n) => {
        expect(text(decimal(out, 3, n))).toBe(String(n));
      }),
      {
        examples: [
          [0],
          [9],
          [10],
          [99_999],
          [0xffffffff],
          [0x100000000],
          [Number.MAX_SAFE_INTEGER],
        ],
      },
    );
    expect(text(digits(out, 3, 42, 6))).toBe('000042');
    for (const huge of [2 ** 53 + 2, 2 ** 60 + 12_345_678, 2 ** 64])
      expect(Number(text(decimal(out, 3, huge))) / huge).toBeCloseTo(1, 9);
  });

  it('write ids with the high word first', () => {
    expect(text(hex16(out, 3, 0x89abcdef, 0x01234567))).toBe('0123456789abcdef');
    expect(text(hex16(out, 3, 0, 0))).toBe('0'.repeat(16));
  });

  it('write addresses as wire/address.ts does', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const bytes = new Uint8Array(groups.flatMap((g) => [g >> 8, g & 0xff]));
        expect(text(address(out, 3, bytes, 0))).toBe(formatAddress(bytes));
      }),
    );
    for (const same of [
      '0.0.0.0',
      '255.255.255.255',
      '10.20.3.104',
      '::',
      '::1',
      '1::',
      '2001:db8::1:0:0:1',
      'fe80::1',
    ]) {
      expect(text(address(out, 3, parseAddress(same)!, 0))).toBe(same);
    }
  });

  it('write endpoints, IPv6 in brackets', () => {
    const bytes = new Uint8Array(18);
    bytes.set([0xd0, 0x07], 16);
    bytes.set(parseAddress('192.0.2.1')!);
    expect(text(endpoint(out, 3, bytes, 0, 16))).toBe('192.0.2.1:2000');
    bytes.set(parseAddress('2001:db8::5')!);
    expect(text(endpoint(out, 3, bytes, 0, 16))).toBe('[2001:db8::5]:2000');
  });
});
