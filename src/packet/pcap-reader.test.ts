import { describe, expect, test } from 'vitest';
import { Magic, pcap } from '../../test/support/captures.ts';
import { readAll } from '../../test/support/read-all.ts';
import { MOST_CAPTURED } from './capture-fault.ts';

const FRAME = Buffer.from('000102030405', 'hex');
const PACKETS = [
  { frame: FRAME, seconds: 1_700_000_000, fraction: 123_456 },
  { frame: FRAME.subarray(0, 4), seconds: 0xffff_ffff, fraction: 999_999, length: 1500 },
];

describe('pcap', () => {
  test.each([
    { name: 'little-endian', spec: {}, unitNs: 1000 },
    { name: 'big-endian', spec: { little: false }, unitNs: 1000 },
    { name: 'nanoseconds', spec: { magic: Magic.nano }, unitNs: 1 },
    { name: 'nanoseconds, big-endian', spec: { magic: Magic.nano, little: false }, unitNs: 1 },
    { name: 'with the patched header', spec: { magic: Magic.patched }, unitNs: 1000 },
    {
      name: 'with the patched header, big-endian',
      spec: { magic: Magic.patched, little: false },
      unitNs: 1000,
    },
    { name: 'version 2.2', spec: { version: [2, 2], swapped: true }, unitNs: 1000 },
    { name: 'version 2.3, swapped', spec: { version: [2, 3], swapped: true }, unitNs: 1000 },
    { name: 'version 2.3', spec: { version: [2, 3] }, unitNs: 1000 },
    { name: 'of DEC', spec: { version: [543, 0], swapped: true }, unitNs: 1000 },
  ] as const)('$name', ({ spec, unitNs }) => {
    const read = readAll(pcap(PACKETS, spec))!;
    expect(read).toMatchObject({ left: 0, debt: 0 });
    expect(read.packets).toEqual([
      {
        seconds: 1_700_000_000,
        nanoseconds: 123_456 * unitNs,
        linkType: 1,
        length: 6,
        frame: '000102030405',
      },
      {
        seconds: 0xffff_ffff,
        nanoseconds: 999_999 * unitNs,
        linkType: 1,
        length: 1500,
        frame: '00010203',
      },
    ]);
  });

  test('with a check sequence after each frame, which the link type tells of', () => {
    const read = readAll(pcap([{ frame: FRAME }], { linkType: 0x2400_0001 }))!;
    expect(read.packets).toMatchObject([{ linkType: 1, length: 2, frame: '0001' }]);
    // the bits without the one that says that they mean something
    expect(readAll(pcap([{ frame: FRAME }], { linkType: 0x3000_0001 }))!.packets).toMatchObject([
      { linkType: 1, length: 6, frame: '000102030405' },
    ]);
  });

  test('with more than a second of microseconds', () => {
    const read = readAll(pcap([{ frame: FRAME, seconds: 5, fraction: 2_500_000 }]))!;
    expect(read.packets).toMatchObject([{ seconds: 7, nanoseconds: 500_000_000 }]);
  });

  test('without packets', () => {
    expect(readAll(pcap([]))).toEqual({ packets: [], left: 0, debt: 0, most: 24 });
  });

  test('cut within a packet gives those before it', () => {
    const whole = pcap([...PACKETS, { frame: FRAME }]);
    for (let cut = 1; cut <= 16 + FRAME.length - 1; cut++) {
      const read = readAll(whole.subarray(0, whole.length - cut))!;
      expect(read.packets).toHaveLength(2);
      expect(read.left).toBe(16 + FRAME.length - cut);
    }
  });

  test('with a packet of 2 GiB is refused there', () => {
    const bytes = pcap([{ frame: FRAME }, { frame: FRAME }]);
    bytes.writeUInt32LE(0x8000_0000, 24 + 16 + FRAME.length + 8);
    expect(() => readAll(bytes)).toThrow(
      expect.objectContaining({
        message: `a packet claims 2147483648 captured bytes, where ${MOST_CAPTURED} are the most`,
        offset: 24 + 16 + FRAME.length,
      }),
    );
  });

  test('is told from anything else', () => {
    expect(readAll(Buffer.from('%PDF-1.4 and so on'))).toBeUndefined();
    expect(readAll(Buffer.alloc(0))).toBeUndefined();
    expect(readAll(Buffer.from('d4c3', 'hex'))).toBeUndefined();
  });
});
