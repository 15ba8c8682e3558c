import { expect, test } from 'vitest';
import { mutant, randomOf } from '../../test/fuzz/mutate.ts';
import {
  ethernet,
  EtherType,
  extension,
  ip,
  ipv4,
  SYN_OPTIONS,
  tcp,
  Tcp,
  udp,
} from '../../test/support/frames.ts';
import { CapturedPacket } from './captured-packet.ts';
import { Decoder } from './decoder.ts';
import { Protocol } from './ip.ts';
import { Parsed } from './layers.ts';
import { isDull } from './screen.ts';
import { Segment, SegmentKind } from './tcp.ts';

const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };
const DATA = tcp({ flags: Tcp.ACK, payload: Buffer.alloc(100) });
const packet = new CapturedPacket();

function dull(frame: Buffer, { captured = frame.length, linkType = 1 } = {}): boolean {
  Object.assign(packet, { at: 0, captured, length: frame.length, linkType });
  return isDull(frame, packet);
}

test.each([
  ['data', ethernet(ipv4(V4, DATA))],
  ['data, IPv6', ethernet(ip(V6, DATA))],
  ['SYN+ACK', ethernet(ipv4(V4, tcp({ flags: Tcp.SYN | Tcp.ACK, tcpOptions: SYN_OPTIONS })))],
  ['SYN+FIN', ethernet(ip(V6, tcp({ flags: Tcp.SYN | Tcp.FIN })))],
  ['a datagram', ethernet(ipv4(V4, udp({ payload: Buffer.alloc(20) })))],
  ['a datagram, IPv6', ethernet(ip(V6, udp({ payload: Buffer.alloc(20) })))],
])('%s: nobody is to be told of it', (_, frame) => {
  expect(dull(frame)).toBe(true);
  expect(dull(frame, { linkType: 101 })).toBe(false);
  expect(dull(frame, { captured: 53 })).toBe(false);
});

test.each([
  ['SYN', ethernet(ipv4(V4, tcp()))],
  ['SYN, IPv6', ethernet(ip(V6, tcp({ flags: Tcp.SYN | Tcp.ECE | Tcp.CWR })))],
  ['a header that is longer than the packet', ethernet(ipv4(V4, tcp({ doff: 9, flags: Tcp.ACK })))],
  [
    'a datagram to the port of a tunnel',
    ethernet(ipv4(V4, udp({ dstPort: 4789, payload: Buffer.alloc(60) }))),
  ],
  ['a datagram from one', ethernet(ipv4(V4, udp({ srcPort: 3544, payload: Buffer.alloc(60) })))],
  ['a fragment', ethernet(ipv4({ ...V4, fragment: { offset: 0, length: 40 } }, DATA))],
  ['options', ethernet(ipv4({ ...V4, ipOptions: Buffer.alloc(8, 1) }, DATA))],
  ['an extension header', ethernet(ip({ ...V6, extensions: [extension('HOP')] }, DATA))],
  ['no length', ethernet(ipv4({ ...V4, totalLength: 0 }, DATA))],
  ['a tag', ethernet(ipv4(V4, DATA), [{ type: EtherType.VLAN, id: 1 }])],
  ['ARP', ethernet(Buffer.alloc(60), [], EtherType.ARP)],
])('%s: to be decoded', (_, frame) => {
  expect(dull(frame)).toBe(false);
});

test('of 50,000 mutated packets those that are passed over are right, and no attempts', () => {
  const random = randomOf(20_261_122);
  const segment = new Segment();
  const wrong: string[] = [];
  let passed = 0;
  for (let n = 0; n < 50_000; n++) {
    const frame = mutant(random);
    const captured = random(4) === 0 ? random(frame.length + 1) : frame.length;
    if (!dull(frame, { captured })) continue;
    passed++;
    const decoder = new Decoder(false);
    const isDecoded = decoder.take(frame, packet);
    const isAttempt =
      decoder.layers.protocol === Protocol.tcp &&
      (segment.read(decoder.layers) !== Parsed.ok || segment.kind === SegmentKind.attempt);
    if (!isDecoded || isAttempt || decoder.layers.tunnels > 0) wrong.push(frame.toString('hex'));
  }
  expect(wrong).toEqual([]);
  expect(passed).toBeGreaterThan(2000);
});
