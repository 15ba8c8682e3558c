import { describe, expect, test } from 'vitest';
import {
  ethernet,
  EtherType,
  fragmentHeader,
  ipv4,
  ipv6,
  SYN_OPTIONS,
  tcp,
  udp,
} from '../../test/support/frames.ts';
import { CapturedPacket } from './captured-packet.ts';
import { Decoder, OTHERS } from './decoder.ts';
import { Segment, SegmentKind } from './tcp.ts';
import { Parsed } from './layers.ts';
import { Tunnel } from '../wire/layout.gen.ts';

const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };
const SYN = tcp({ srcPort: 1234, dstPort: 80, tcpOptions: SYN_OPTIONS });
const segment = new Segment();
const packet = new CapturedPacket();

function take(decoder: Decoder, frame: Buffer, linkType = 1, captured = frame.length): boolean {
  Object.assign(packet, { captured, length: frame.length, linkType });
  return decoder.take(frame, packet);
}

function isAttempt(decoder: Decoder, frame: Buffer): boolean {
  if (!take(decoder, frame)) return false;
  return segment.read(decoder.layers) === Parsed.ok && segment.kind === SegmentKind.attempt;
}

test('what is no IP is counted, and ARP by its name', () => {
  const decoder = new Decoder(false);
  expect(take(decoder, ethernet(Buffer.alloc(46), [], EtherType.ARP))).toBe(false);
  expect(
    take(decoder, ethernet(Buffer.alloc(46), [{ type: EtherType.VLAN, id: 1 }], EtherType.ARP)),
  ).toBe(false);
  expect(take(decoder, ethernet(Buffer.alloc(46), [], 0x88cc))).toBe(false);
  expect(take(decoder, ethernet(Buffer.alloc(46), [], 38))).toBe(false);
  expect(decoder).toMatchObject({ packets: 4, notIp: 4, arp: 2, malformed: 0, cut: 0 });
});

test('malformed and cut ones are counted', () => {
  const decoder = new Decoder(false);
  expect(take(decoder, ethernet(ipv4({ ...V4, ihl: 4 }, SYN)))).toBe(false);
  expect(take(decoder, ethernet(ipv4(V4, SYN)), 1, 30)).toBe(false);
  expect(decoder).toMatchObject({ packets: 2, malformed: 1, cut: 1 });
});

test('link types that are not decoded are counted, however many a file names', () => {
  const decoder = new Decoder(false);
  for (let linkType = 1000; linkType < 3000; linkType++) take(decoder, Buffer.alloc(0), linkType);
  expect(decoder.unknown.size).toBeLessThan(100);
  expect(decoder.unknown.get(1000)).toBe(1);
  expect([...decoder.unknown.values()].reduce((sum, n) => sum + n, 0)).toBe(2000);
  expect(decoder.unknown.get(OTHERS)).toBeGreaterThan(1900);
});

describe('fragments and tunnels', () => {
  const part = (offset: number, length?: number) =>
    ({ offset, ...(length === undefined ? {} : { length }) }) as const;
  const vxlan = (inner: Buffer) =>
    udp({ dstPort: 4789, payload: Buffer.concat([Buffer.from('0800000000002a00', 'hex'), inner]) });

  test('a header over two fragments', () => {
    const decoder = new Decoder(false);
    expect(isAttempt(decoder, ethernet(ipv4({ ...V4, fragment: part(0, 24) }, SYN)))).toBe(false);
    expect(isAttempt(decoder, ethernet(ipv4({ ...V4, fragment: part(24) }, SYN)))).toBe(true);
    expect(decoder.layers).toMatchObject({ fragmented: true, tunnels: 0 });
  });

  test('a header over two fragments, in a tunnel', () => {
    const decoder = new Decoder(false);
    const inside = (fragment: ReturnType<typeof part>) =>
      ethernet(
        ipv4(V4, vxlan(ethernet(ipv6({ ...V6, extensions: [fragmentHeader(fragment)] }, SYN)))),
      );
    expect(isAttempt(decoder, inside(part(0, 24)))).toBe(false);
    expect(isAttempt(decoder, inside(part(24)))).toBe(true);
    expect(decoder.layers).toMatchObject({ family: 6, tunnels: 1, tunnel: Tunnel.VXLAN });
    expect(decoder.tunnelled).toBe(2);
  });

  test('tunnels of several kinds', () => {
    const decoder = new Decoder(false);
    const inner = ipv6(V6, { protocol: 4, bytes: ipv4(V4, SYN) });
    const frame = ethernet(ipv4(V4, vxlan(ethernet(inner))));
    expect(isAttempt(decoder, frame)).toBe(true);
    expect(decoder.layers).toMatchObject({ family: 4, tunnels: 2, tunnel: Tunnel.IP });
  });

  test('what only looks like a tunnel is what it is', () => {
    const decoder = new Decoder(false);
    expect(
      take(decoder, ethernet(ipv4(V4, udp({ dstPort: 4789, payload: Buffer.alloc(60) })))),
    ).toBe(true);
    expect(decoder.layers).toMatchObject({ protocol: 17, tunnels: 0, tunnel: Tunnel.NONE });
    expect(decoder).toMatchObject({ tunnelled: 0, malformed: 0 });
  });
});

describe('checksums', () => {
  const whole = ethernet(ipv4(V4, tcp({ payload: Buffer.alloc(10, 1) })));
  const changed = (at: number, frame = whole) => {
    const copy = Buffer.from(frame);
    copy[at]! ^= 1;
    return copy;
  };

  test('are not looked at unless asked for', () => {
    const decoder = new Decoder(false);
    expect(isAttempt(decoder, changed(60))).toBe(true);
    expect(isAttempt(decoder, changed(22))).toBe(true);
    expect(decoder).toMatchObject({ corrupt: 0, offloaded: 0 });
  });

  test('that are wrong leave a packet out', () => {
    const decoder = new Decoder(true);
    expect(isAttempt(decoder, whole)).toBe(true);
    expect(isAttempt(decoder, changed(60))).toBe(false); // its payload
    expect(isAttempt(decoder, changed(22))).toBe(false); // its time to live
    const tunnelled = ethernet(ipv4(V4, { protocol: 4, bytes: whole.subarray(14) }));
    expect(isAttempt(decoder, tunnelled)).toBe(true);
    expect(isAttempt(decoder, changed(80, tunnelled))).toBe(false);
    expect(decoder).toMatchObject({ corrupt: 3, offloaded: 0, malformed: 0 });
  });

  test('that the card was to make count as right', () => {
    const decoder = new Decoder(true);
    const frame = Buffer.from(whole);
    frame.writeUInt16BE(0, 50);
    expect(isAttempt(decoder, frame)).toBe(true);
    expect(decoder).toMatchObject({ corrupt: 0, offloaded: 1 });
  });

  test('that were not captured as a whole say nothing', () => {
    const decoder = new Decoder(true);
    expect(take(decoder, changed(50), 1, 56)).toBe(true);
    expect(decoder).toMatchObject({ corrupt: 0, offloaded: 0 });
  });
});
