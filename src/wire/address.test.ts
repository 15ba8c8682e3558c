import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, isV4, parseAddress } from './address.ts';

const roundTrip = (text: string): string => formatAddress(parseAddress(text)!);

describe('parseAddress', () => {
  it('reads IPv4 as ::ffff:a.b.c.d', () => {
    expect([...parseAddress('192.0.2.56')!]).toEqual([
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 56,
    ]);
    expect(parseAddress('::ffff:192.0.2.56')).toEqual(parseAddress('192.0.2.56'));
    expect(parseAddress('::FFFF:c000:238')).toEqual(parseAddress('192.0.2.56'));
  });

  it('reads IPv6 in network order', () => {
    expect([...parseAddress('2001:db8::1')!]).toEqual([
      0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    ]);
  });

  it.each([
    '',
    ' ',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4 ',
    '1.2.3.-4',
    '1e1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7:1.2.3.4',
    ':1:2:3:4:5:6:7',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('agrees with node:net about what an address is', () => {
    const nearly = fc
      .array(
        fc.oneof(
          {
            weight: 6,
            arbitrary: fc.constantFrom(
              ':',
              '::',
              '.',
              '0',
              '1',
              'ff',
              'f',
              '25',
              '256',
              '1.2.3.4',
              '00',
            ),
          },
          { weight: 1, arbitrary: fc.string({ maxLength: 2 }) },
        ),
        { maxLength: 16 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(nearly, fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (text) => {
        fc.pre(!text.includes('%'));
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('formatAddress', () => {
  it.each([
    ['2001:0DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // one zero group is not shortened
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // the longest run
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // the first of two equal ones
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::ffff:10.0.0.5', '10.0.0.5'],
    ['::10.0.0.5', '::a00:5'],
    ['0:1:2:3:4:5:6:7', '0:1:2:3:4:5:6:7'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
  ])('%s is written %s', (text, canonical) => {
    expect(roundTrip(text)).toBe(canonical);
  });

  it('reads back what it wrote, which node:net accepts', () => {
    const group = fc.oneof(fc.constant([0, 0]), fc.tuple(fc.nat(255), fc.nat(255)));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const bytes = Uint8Array.from(groups.flat());
        const text = formatAddress(bytes);
        expect(isIP(text)).not.toBe(0);
        expect(parseAddress(text)).toEqual(bytes);
      }),
    );
  });

  it('writes as the URL parser does, which follows RFC 5952', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const bytes = parseAddress(text)!;
        fc.pre(!isV4(bytes));
        expect(`[${formatAddress(bytes)}]`).toBe(new URL(`http://[${text}]`).hostname);
      }),
    );
  });

  it('reads from the middle of a record', () => {
    const bytes = new Uint8Array(40);
    bytes.set(parseAddress('198.51.100.7')!, 20);
    expect(formatAddress(bytes, 20)).toBe('198.51.100.7');
    expect(isV4(bytes, 20)).toBe(true);
    expect(isV4(bytes, 4)).toBe(false);
  });
});
