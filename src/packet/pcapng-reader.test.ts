import { describe, expect, test } from 'vitest';
import { Pcapng } from '../../test/support/captures.ts';
import { readAll } from '../../test/support/read-all.ts';

const FRAME = Buffer.from('0001020304', 'hex');
const NANO = 9;
const OFFSET = 14;
const SECONDS = 1_700_000_000n;

function resolution(value: number) {
  return { code: NANO, value: Buffer.from([value]) };
}

function offset(seconds: bigint) {
  const value = Buffer.alloc(8);
  value.writeBigInt64LE(seconds);
  return { code: OFFSET, value };
}

describe.each([
  { name: 'little-endian', ng: new Pcapng() },
  { name: 'big-endian', ng: new Pcapng(false) },
])('pcapng, $name', ({ ng }) => {
  test('enhanced, old and simple packets, among blocks that are skipped', () => {
    const bytes = Buffer.concat([
      ng.section(),
      ng.block(0x4000_0bad, Buffer.alloc(1000)),
      ng.interface(1),
      ng.interface(101),
      ng.packet(FRAME, SECONDS * 1_000_000n + 123_456n, 1, 1500),
      ng.block(5, Buffer.alloc(12)), // interface statistics
      ng.simple(FRAME),
      ng.oldPacket(FRAME, SECONDS * 1_000_000n, 0),
    ]);
    const read = readAll(bytes)!;
    const at = { seconds: Number(SECONDS), frame: '0001020304' };
    expect(read.packets).toEqual([
      { ...at, nanoseconds: 123_456_000, linkType: 101, length: 1500 },
      { ...at, nanoseconds: 123_456_000, linkType: 1, length: 5 },
      { ...at, nanoseconds: 0, linkType: 1, length: 5 },
    ]);
    expect(read).toMatchObject({ left: 0, debt: 0 });
  });

  test('a simple packet is as long as the snapshot length of the first interface', () => {
    const bytes = Buffer.concat([ng.section(), ng.interface(1, [], 3), ng.simple(FRAME, 70)]);
    expect(readAll(bytes)!.packets).toMatchObject([{ length: 70, frame: '000102' }]);
  });

  test('a block that is cut gives those before it', () => {
    const whole = Buffer.concat([
      ng.section(),
      ng.interface(1),
      ng.packet(FRAME),
      ng.packet(FRAME),
    ]);
    for (let cut = 1; cut < ng.packet(FRAME).length; cut++) {
      const read = readAll(whole.subarray(0, whole.length - cut))!;
      expect(read.packets).toHaveLength(1);
      expect(read.left).toBeGreaterThan(0);
    }
    const unknown = readAll(
      Buffer.concat([whole, ng.block(99, Buffer.alloc(50)).subarray(0, 30)]),
    )!;
    expect(unknown).toMatchObject({ left: 0, debt: 34 });
  });

  test.each([
    {
      what: 'a block of 8 bytes, which none can have',
      bytes: [ng.word(7), ng.word(8), ng.word(0)],
    },
    { what: 'a block of 13 bytes', bytes: [ng.word(7), ng.word(13), ng.word(0)] },
    { what: 'a block of 2147483648 bytes', bytes: [ng.word(6), ng.word(0x8000_0000), ng.word(0)] },
    { what: 'version 2 of pcapng', bytes: [ng.section(2)] },
    { what: 'a packet of interface 0, which was not described', bytes: [ng.packet(FRAME)] },
    {
      what: 'a block whose two lengths differ',
      bytes: [ng.interface(1).subarray(0, -4), ng.word(99)],
    },
    {
      what: 'a packet that is longer than its block',
      bytes: [
        ng.interface(1),
        ng.block(6, Buffer.concat([ng.word(0), Buffer.alloc(8), ng.word(9), ng.word(9)])),
      ],
    },
    { what: 'a packet without its header', bytes: [ng.interface(1), ng.block(6, Buffer.alloc(8))] },
    { what: 'an interface without its description', bytes: [ng.block(1, Buffer.alloc(0))] },
  ])('$what is refused', ({ what, bytes }) => {
    expect(() => readAll(Buffer.concat([ng.section(), ...bytes]))).toThrow(what);
  });
});

describe('pcapng', () => {
  const ng = new Pcapng();

  test('sections of both byte orders, each with its own interfaces', () => {
    const big = new Pcapng(false);
    const bytes = Buffer.concat([
      ng.section(),
      ng.interface(1),
      ng.packet(FRAME),
      big.section(),
      big.interface(113),
      big.packet(FRAME),
    ]);
    expect(readAll(bytes)!.packets.map(({ linkType }) => linkType)).toEqual([1, 113]);
  });

  test.each([
    { name: 'microseconds', option: 6, units: 1_000_000n },
    { name: 'nanoseconds', option: 9, units: 1_000_000_000n },
    { name: 'tenths of nanoseconds', option: 10, units: 10n ** 10n },
    { name: 'whole seconds', option: 0, units: 1n },
    { name: '1/1024 s', option: 0x8a, units: 1024n },
    { name: '2^-30 s', option: 0x9e, units: 2n ** 30n },
  ])('times in $name', ({ option, units }) => {
    const time = SECONDS * units + units / 4n;
    const bytes = Buffer.concat([
      ng.section(),
      ng.interface(1, [resolution(option)]),
      ng.packet(FRAME, time),
    ]);
    const read = readAll(bytes)!.packets[0]!;
    expect(read.seconds).toBe(Number(time / units));
    expect(read.nanoseconds).toBe(Number((1_000_000_000n * (time % units)) / units));
  });

  test('times with an offset', () => {
    const of = (seconds: bigint) =>
      readAll(
        Buffer.concat([
          ng.section(),
          ng.interface(1, [offset(seconds)]),
          ng.packet(FRAME, 5_000_000n),
        ]),
      )!.packets[0]!.seconds;
    expect(of(SECONDS)).toBe(Number(SECONDS) + 5);
    expect(of(-3n)).toBe(2);
    expect(of(-30n)).toBe(0);
  });

  test('options that claim more than their block are not read', () => {
    const interfaceBlock = ng.interface(1, [resolution(9)]);
    interfaceBlock.writeUInt16LE(60_000, 18); // the length of its first option
    const bytes = Buffer.concat([ng.section(), interfaceBlock, ng.packet(FRAME, 1_000_000n)]);
    expect(readAll(bytes)!.packets).toMatchObject([{ seconds: 1 }]);
  });

  test('a section whose byte order is unknown is refused', () => {
    const section = ng.section();
    section.writeUInt32LE(0x01020304, 8);
    expect(() => readAll(section)).toThrow('a section whose byte order is neither of the two');
  });
});
