import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Fragment,
  fragmentHeader,
  ipv4,
  ipv6,
  type Segment as Carried,
  SYN_OPTIONS,
  tcp,
  udp,
} from '../../test/support/frames.ts';
import { Fragments } from './fragments.ts';
import { parseRaw } from './ip.ts';
import { Layers, Parsed } from './layers.ts';
import { Segment, SegmentKind } from './tcp.ts';
import { TcpOptions } from './tcp-options.ts';

const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };
const SYN = tcp({ srcPort: 1234, dstPort: 80, seq: 77, tcpOptions: SYN_OPTIONS });
const LONG = tcp({
  srcPort: 1234,
  dstPort: 80,
  seq: 77,
  tcpOptions: Buffer.concat([SYN_OPTIONS, Buffer.alloc(20, 1)]),
  payload: Buffer.alloc(100, 9),
});

const part4 = (fragment: Fragment, carried: Carried = SYN, src = V4.src): Buffer =>
  ipv4({ ...V4, src, fragment }, carried);
const part6 = (fragment: Fragment, carried: Carried = SYN, src = V6.src): Buffer =>
  ipv6({ ...V6, src, extensions: [fragmentHeader(fragment)] }, carried);

/** Takes packets, each a second after the one before. */
class Reader {
  readonly fragments = new Fragments();
  readonly layers = new Layers();
  readonly segment = new Segment();
  seconds = 1_700_000_000;

  take(packet: Buffer, captured = packet.length): Parsed {
    this.seconds++;
    this.layers.begin(packet, 0, captured, packet.length);
    const parsed = parseRaw(this.layers, 0);
    if (parsed !== Parsed.ok && parsed !== Parsed.fragment) return parsed;
    return this.layers.fragmented ? this.fragments.take(this.layers, this.seconds) : parsed;
  }

  all(packets: readonly Buffer[]): Parsed[] {
    return packets.map((packet) => this.take(packet));
  }
}

describe.each([
  ['IPv4', part4, 4],
  ['IPv6', part6, 6],
] as const)('a header over fragments of %s', (_, part, family) => {
  test('that has all of it: told at once, and nothing is kept', () => {
    const reader = new Reader();
    expect(reader.take(part({ offset: 0, length: 64 }, LONG))).toBe(Parsed.ok);
    expect(reader.segment.read(reader.layers)).toBe(Parsed.ok);
    expect(reader.segment).toMatchObject({ kind: SegmentKind.attempt, header: 60, payload: 4 });
    expect(reader.take(part({ offset: 64 }, LONG))).toBe(Parsed.fragment);
    expect(reader.fragments).toMatchObject({ begun: 0, whole: 0 });
  });

  test('is told with its last part, whatever their order', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 19 }), { maxLength: 6 });
    const order = fc.array(fc.nat(), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(cuts, order, (at, by) => {
        const offsets = [0, ...at.map((eighth) => eighth * 8).sort((a, b) => a - b)];
        const parts = offsets.map((offset, i) => {
          const length = (offsets[i + 1] ?? LONG.bytes.length) - offset;
          return part({ offset, length }, LONG);
        });
        const sorted = parts.map((one, i) => ({ one, by: by[i]! })).sort((a, b) => a.by - b.by);
        const reader = new Reader();
        const { layers, segment } = reader;
        const told = sorted.filter(
          ({ one }) => reader.take(one) === Parsed.ok && segment.read(layers) === Parsed.ok,
        );
        expect(told).toHaveLength(1);
        // what comes behind, or comes before a first part with all of it, is no header of its own
        expect(reader.fragments.begun).toBe(reader.fragments.whole);
        expect(segment).toMatchObject({ srcPort: 1234, dstPort: 80, seq: 77, header: 60 });
      }),
    );
  });

  test('has its options and addresses', () => {
    const reader = new Reader();
    const parts = [part({ offset: 0, length: 24 }), part({ offset: 24 })];
    expect(reader.all(parts)).toEqual([Parsed.fragment, Parsed.ok]);
    const { layers, segment, fragments } = reader;
    expect(segment.read(layers)).toBe(Parsed.ok);
    const options = new TcpOptions();
    expect(options.read(layers, segment)).toBe(Parsed.ok);
    expect(options).toMatchObject({ mss: 1460, windowScale: 7 });
    const [from, to] = family === 4 ? [12, 20] : [8, 40];
    expect(layers.bytes.subarray(layers.ip + from, layers.ip + to)).toEqual(
      new Uint8Array(parts[0]!.subarray(from, to)),
    );
    expect(layers).toMatchObject({ family, protocol: 6, fragmented: true });
    expect(fragments).toMatchObject({ begun: 1, whole: 1, overlapping: 0 });
  });

  test('comes again: told again, as the retransmission that it is', () => {
    const reader = new Reader();
    const parts = [part({ offset: 0, length: 24 }), part({ offset: 24 })];
    expect(reader.all([...parts, ...parts])).toEqual([
      Parsed.fragment,
      Parsed.ok,
      Parsed.fragment,
      Parsed.ok,
    ]);
  });

  test('of which a part comes twice', () => {
    const reader = new Reader();
    const first = part({ offset: 0, length: 16 });
    expect(reader.all([first, first, part({ offset: 16 })])).toEqual([
      Parsed.fragment,
      Parsed.fragment,
      Parsed.ok,
    ]);
    expect(reader.fragments.overlapping).toBe(1);
  });

  test('of datagrams between each other', () => {
    const reader = new Reader();
    const src = family === 4 ? '192.0.2.7' : '2001:db8::7';
    const parts = [
      part({ offset: 0, length: 24 }),
      part({ offset: 0, length: 24, id: 5 }, tcp({ dstPort: 81, tcpOptions: SYN_OPTIONS })),
      part({ offset: 0, length: 24 }, tcp({ dstPort: 82, tcpOptions: SYN_OPTIONS }), src),
      part({ offset: 24 }, tcp({ dstPort: 82, tcpOptions: SYN_OPTIONS }), src),
      part({ offset: 24, id: 5 }, tcp({ dstPort: 81, tcpOptions: SYN_OPTIONS })),
      part({ offset: 24 }),
    ];
    const ports = parts.map((packet) => {
      if (reader.take(packet) !== Parsed.ok) return 0;
      expect(reader.segment.read(reader.layers)).toBe(Parsed.ok);
      return reader.segment.dstPort;
    });
    expect(ports).toEqual([0, 0, 0, 82, 81, 80]);
  });

  test('that ends too early is malformed, once', () => {
    const reader = new Reader();
    const parts = [part({ offset: 0, length: 24 }), part({ offset: 24, length: 8, more: false })];
    expect(reader.all([...parts, parts[1]!])).toEqual([
      Parsed.fragment,
      Parsed.malformed,
      Parsed.fragment,
    ]);
  });

  test('of which a part in between has no whole eights: malformed', () => {
    const reader = new Reader();
    expect(reader.take(part({ offset: 0, length: 20, more: true }))).toBe(Parsed.malformed);
  });

  test('of which a part is cut', () => {
    const reader = new Reader();
    const packet = part({ offset: 0, length: 24 });
    expect(reader.take(packet, packet.length - 1)).toBe(Parsed.cut);
  });

  test('of which a part comes after half a minute: not with what is older', () => {
    const reader = new Reader();
    expect(reader.take(part({ offset: 0, length: 24 }))).toBe(Parsed.fragment);
    reader.seconds += 30;
    expect(reader.take(part({ offset: 24 }))).toBe(Parsed.fragment);
    expect(reader.fragments).toMatchObject({ begun: 1, whole: 0 });
  });

  test('of which many wait: the oldest go', () => {
    const reader = new Reader();
    const oldest = 0x7777;
    expect(reader.take(part({ offset: 0, length: 24, id: oldest }))).toBe(Parsed.fragment);
    for (let id = 0; id < 5000; id++) {
      reader.seconds -= 1; // all at once
      expect(reader.take(part({ offset: 0, length: 24, id }))).toBe(Parsed.fragment);
    }
    expect(reader.take(part({ offset: 24, id: oldest }))).toBe(Parsed.fragment);
    expect(reader.take(part({ offset: 24, id: 4999 }))).toBe(Parsed.ok);
  });

  test('of other protocols: in the first one, or not looked at', () => {
    const reader = new Reader();
    const datagram = udp({ payload: Buffer.alloc(64) });
    expect(reader.take(part({ offset: 0, length: 8 }, datagram))).toBe(Parsed.ok);
    expect(reader.take(part({ offset: 8 }, datagram))).toBe(Parsed.fragment);
    const other = { protocol: 132, bytes: Buffer.alloc(64) };
    expect(reader.take(part({ offset: 0, length: 8 }, other))).toBe(Parsed.ok);
    expect(reader.take(part({ offset: 8 }, other))).toBe(Parsed.fragment);
    expect(reader.fragments.whole).toBe(0);
  });
});

describe('a header whose parts overlap', () => {
  const other = tcp({ srcPort: 1234, dstPort: 80, seq: 77, flags: 16, tcpOptions: SYN_OPTIONS });
  const parts = (part: typeof part4): Buffer[] => [
    part({ offset: 0, length: 16 }),
    part({ offset: 8, length: 16 }, other),
    part({ offset: 24 }),
  ];

  test('IPv4: the first one counts', () => {
    const reader = new Reader();
    expect(reader.all(parts(part4))).toEqual([Parsed.fragment, Parsed.fragment, Parsed.ok]);
    expect(reader.fragments).toMatchObject({ overlapping: 1, whole: 1 });
    expect(reader.segment.read(reader.layers)).toBe(Parsed.ok);
    expect(reader.segment.kind).toBe(SegmentKind.attempt);
  });

  test('IPv6: given up', () => {
    const reader = new Reader();
    expect(reader.all(parts(part6))).toEqual([Parsed.fragment, Parsed.fragment, Parsed.fragment]);
    expect(reader.fragments).toMatchObject({ overlapping: 1, whole: 0 });
  });
});

test('an IPv6 fragment that is the whole datagram is none (RFC 6946)', () => {
  const reader = new Reader();
  expect(reader.take(part6({ offset: 0 }))).toBe(Parsed.ok);
  expect(reader.layers.fragmented).toBe(false);
  expect(reader.segment.read(reader.layers)).toBe(Parsed.ok);
});
