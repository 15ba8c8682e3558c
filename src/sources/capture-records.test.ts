import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Magic, pcap, Pcapng } from '../../test/support/captures.ts';
import { ethernet, ip, SYN_OPTIONS, tcp, Tcp, tcpFrame } from '../../test/support/frames.ts';
import { type ReadCapture, readAll } from '../../test/support/read-all.ts';
import { CaptureFault, MOST_CAPTURED } from '../packet/capture-fault.ts';
import { Head, Kind } from '../wire/layout.gen.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { CapturedPacket } from '../packet/captured-packet.ts';
import { CaptureRecords, recordNs } from './capture-records.ts';

const ENDS = { src: '192.0.2.1', dst: '192.0.2.2' };
const SYN = tcpFrame({ ...ENDS, tcpOptions: SYN_OPTIONS });

function taken(frame: Uint8Array, linkType = 1, length = frame.length) {
  const records = new CaptureRecords(new RecordWriter(), false);
  const packet = Object.assign(new CapturedPacket(), {
    captured: frame.length,
    length,
    seconds: 5,
    linkType,
  });
  records.take(frame, packet);
  const { attempts, decoder } = records;
  return { attempts, malformed: decoder.malformed, cut: decoder.cut };
}

describe('an attempt', () => {
  test('is a record with the time of its packet', () => {
    const writer = new RecordWriter();
    const records = new CaptureRecords(writer, false);
    const times = { seconds: 1_700_000_000, nanoseconds: 123_456_789 };
    const lengths = { captured: SYN.length, length: SYN.length };
    const packet = Object.assign(new CapturedPacket(), { ...lengths, linkType: 1, ...times });
    expect(records.take(SYN, packet)).toBe(true);
    expect(writer.count).toBe(1);
    expect(writer.bytes[Head.kind]).toBe(Kind.ATTEMPT);
    const ns = writer.words[0]! + writer.words[1]! * 2 ** 32;
    expect(Math.floor(ns / 1000)).toBe(1_700_000_000_123_456);
  });

  test.each([
    { name: 'SYN', flags: Tcp.SYN, attempts: 1 },
    { name: 'SYN with ECN', flags: Tcp.SYN | Tcp.ECE | Tcp.CWR, attempts: 1 },
    { name: 'SYN+ACK', flags: Tcp.SYN | Tcp.ACK, attempts: 0 },
    { name: 'SYN+FIN, a scan', flags: Tcp.SYN | Tcp.FIN, attempts: 0 },
    { name: 'SYN+RST, a scan', flags: Tcp.SYN | Tcp.RST, attempts: 0 },
    { name: 'no flag', flags: 0, attempts: 0 },
  ])('$name: $attempts', ({ flags, attempts }) => {
    expect(taken(tcpFrame({ ...ENDS, flags }))).toMatchObject({ attempts, malformed: 0, cut: 0 });
  });

  test('is in the first fragment with all of the header, as for the guard', () => {
    const syn = tcp({ tcpOptions: SYN_OPTIONS, payload: Buffer.alloc(64) });
    const part = (offset: number, length: number) =>
      taken(ethernet(ip({ ...ENDS, fragment: { offset, length } }, syn)));
    expect(part(0, 40)).toMatchObject({ attempts: 1 });
    expect(part(0, 24)).toMatchObject({ attempts: 0, malformed: 0 });
    expect(part(40, 64)).toMatchObject({ attempts: 0, malformed: 0 });
  });
});

describe('what tells no attempt is counted', () => {
  test('malformed', () => {
    expect(taken(tcpFrame({ ...ENDS, doff: 4 }))).toMatchObject({ attempts: 0, malformed: 1 });
  });

  test('cut', () => {
    expect(taken(SYN.subarray(0, 40), 1, SYN.length)).toMatchObject({ attempts: 0, cut: 1 });
  });
});

test('times are told to the microsecond, whatever a double makes of them', () => {
  const second = fc.integer({ min: 0, max: 0xffff_ffff });
  const nanosecond = fc.integer({ min: 0, max: 999_999_999 });
  fc.assert(
    fc.property(second, nanosecond, (seconds, nanoseconds) => {
      const us = recordNs(seconds, nanoseconds) / 1000;
      expect(Math.floor(us)).toBe(seconds * 1e6 + Math.floor(nanoseconds / 1000));
    }),
  );
  expect(recordNs(Number.MAX_VALUE, 0)).toBeLessThan(2 ** 64);
});

describe('whatever the bytes', () => {
  const little = new Pcapng();
  const big = new Pcapng(false);
  const packets = [{ frame: SYN }, { frame: Buffer.alloc(300, 1) }, { frame: SYN, fraction: 7 }];
  const FILES = [
    pcap(packets),
    pcap(packets, { little: false, magic: Magic.nano, linkType: 113 }),
    pcap(packets, { magic: Magic.patched, linkType: 0x2400_0001 }),
    Buffer.concat([
      little.section(),
      little.interface(1, [{ code: 9, value: Buffer.from([9]) }]),
      little.packet(SYN, 1_700_000_000_000_000_000n),
      little.block(4, Buffer.alloc(80)),
      little.simple(SYN),
      big.section(),
      big.interface(101),
      big.oldPacket(SYN.subarray(14)),
    ]),
  ];
  const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 5 });

  test.each(FILES.map((file, i) => [i, file] as const))(
    'file %i reads the same in pieces of any size',
    (_, file) => {
      const whole = readAll(file)!;
      expect(whole.packets.length).toBeGreaterThan(2);
      fc.assert(
        fc.property(sizes, (pieces) => {
          expect(readAll(file, pieces)!.packets).toEqual(whole.packets);
        }),
        { numRuns: 30 },
      );
    },
  );

  /** All packets and what they mean; undefined: there was a fault, and nothing else may be thrown. */
  function readHostile(bytes: Uint8Array, pieces: readonly number[]): ReadCapture | undefined {
    let read: ReadCapture | undefined;
    try {
      read = readAll(bytes, pieces);
    } catch (error) {
      if (!(error instanceof CaptureFault)) throw error;
    }
    for (const { frame, linkType, length } of read?.packets ?? [])
      taken(Buffer.from(frame, 'hex'), linkType, length);
    return read;
  }

  test('mutated files are read or refused, in bounded memory', () => {
    const change = fc.record({ at: fc.nat(700), value: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.constantFrom(...FILES),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        sizes,
        (file, changes, pieces) => {
          const bytes = Buffer.from(file);
          for (const { at, value } of changes) bytes[at % bytes.length] = value;
          const read = readHostile(bytes, pieces);
          expect(read?.most ?? 0).toBeLessThan(MOST_CAPTURED + 70_000);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('random bytes behind a header are read or refused', () => {
    const heads = [pcap([]), pcap([], { little: false }), Buffer.concat([little.section()])];
    fc.assert(
      fc.property(
        fc.constantFrom(...heads),
        fc.uint8Array({ maxLength: 400 }),
        sizes,
        (head, rest, pieces) => {
          const read = readHostile(Buffer.concat([head, rest]), pieces);
          expect(read?.packets.length ?? 0).toBeLessThanOrEqual(rest.length / 12);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('random frames of every link type are decoded or not', () => {
    const linkType = fc.constantFrom(
      0,
      1,
      9,
      12,
      14,
      50,
      51,
      101,
      104,
      108,
      113,
      166,
      228,
      229,
      276,
    );
    fc.assert(
      fc.property(
        linkType,
        fc.uint8Array({ maxLength: 120 }),
        fc.nat(2000),
        (type, frame, more) => {
          const { attempts, malformed, cut } = taken(frame, type, frame.length + more);
          expect(attempts + malformed + cut).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
