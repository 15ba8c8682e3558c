import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAll } from '../../test/support/read-all.ts';
import type { CaptureWriter } from './capture-writer.ts';
import { CapturedPacket } from './captured-packet.ts';
import { PcapWriter } from './pcap-writer.ts';
import { PcapngWriter } from './pcapng-writer.ts';

interface Spec {
  readonly frame: Uint8Array;
  readonly cut: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly linkType: number;
}

/** The bytes of a file with these packets, each asked for no more room than it said. */
function fileOf(writer: CaptureWriter, specs: readonly Spec[]): Uint8Array {
  const out = new Uint8Array(65_536);
  let pos = writer.begin(out, 0);
  expect(pos).toBeLessThanOrEqual(writer.overhead);
  for (const { frame, cut, linkType, ...time } of specs) {
    const packet = new CapturedPacket();
    Object.assign(packet, time, { linkType, at: 3, captured: frame.length, snapLength: 9000 });
    packet.length = frame.length + cut;
    const before = pos;
    pos = writer.packet(out, pos, new Uint8Array([1, 2, 3, ...frame, 4]), packet);
    expect(pos - before).toBeLessThanOrEqual(writer.overhead + frame.length);
  }
  return out.subarray(0, pos);
}

function captures(linkType: fc.Arbitrary<number>, maxSeconds: number): fc.Arbitrary<Spec[]> {
  return fc.array(
    fc.record({
      frame: fc.uint8Array({ maxLength: 70 }),
      cut: fc.nat(2000),
      seconds: fc.oneof(fc.nat(maxSeconds), fc.constant(maxSeconds)),
      nanoseconds: fc.nat(999_999_999),
      linkType,
    }),
    { maxLength: 20 },
  );
}

const read = (specs: readonly Spec[]) =>
  specs.map(({ frame, cut, ...rest }) => ({
    ...rest,
    length: frame.length + cut,
    frame: Buffer.from(frame).toString('hex'),
  }));

describe('what is written is read again', () => {
  it('of pcap', () => {
    fc.assert(
      fc.property(captures(fc.constant(113), 0xffff_ffff), (packets) => {
        const file = fileOf(new PcapWriter(113, 1234), packets);
        expect(readAll(Buffer.from(file))).toMatchObject({
          packets: read(packets),
          left: 0,
          debt: 0,
        });
      }),
    );
  });

  it('of pcapng, with an interface for each link type', () => {
    fc.assert(
      fc.property(captures(fc.constantFrom(1, 101, 276), 18_446_744_072), (packets) => {
        const file = fileOf(new PcapngWriter(), packets);
        expect(readAll(Buffer.from(file))).toMatchObject({
          packets: read(packets),
          left: 0,
          debt: 0,
        });
      }),
    );
  });
});

it('pcap holds one link type, pcapng all', () => {
  expect(new PcapWriter(1, 0).holds(1)).toBe(true);
  expect(new PcapWriter(1, 0).holds(101)).toBe(false);
  expect(new PcapngWriter().holds()).toBe(true);
});
