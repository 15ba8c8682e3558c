import { describe, expect, test } from 'vitest';
import { icmp, icmp6, ip, ipv4, ipv6, tcp, udp } from '../../test/support/frames.ts';
import { IcmpMessage, parseQuoted } from './icmp.ts';
import { parseRaw, Protocol } from './ip.ts';
import { Layers, Parsed } from './layers.ts';
import { Segment } from './tcp.ts';
import { Datagram } from './udp.ts';

const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };
const layers = new Layers();
const message = new IcmpMessage();

function read(packet: Buffer, captured = packet.length): Parsed {
  layers.begin(packet, 0, captured, packet.length);
  const parsed = parseRaw(layers, 0);
  return parsed === Parsed.ok ? message.read(layers) : parsed;
}

describe('an ICMP message', () => {
  test.each([
    ['IPv4', ipv4(V4, icmp(8, 0, Buffer.from('12340005aabb', 'hex'))), 8],
    ['IPv6', ipv6(V6, icmp6(128, 0, Buffer.from('12340005aabb', 'hex'))), 128],
  ])('echo over %s', (_, packet, type) => {
    expect(read(packet)).toBe(Parsed.ok);
    expect(message).toMatchObject({ type, code: 0, id: 0x1234, seq: 5, isError: false });
    expect(message).toMatchObject({ payload: 2, captured: 2, data: packet.length - 2 });
    expect(parseQuoted(layers, message)).toBe(Parsed.other);
    expect(read(packet, packet.length - 1)).toBe(Parsed.ok);
    expect(message).toMatchObject({ payload: 2, captured: 1 });
    expect(read(packet, packet.length - 3)).toBe(Parsed.cut);
  });

  test('of four bytes: malformed', () => {
    expect(read(ipv4(V4, icmp(8, 0, Buffer.alloc(0))))).toBe(Parsed.malformed);
  });
});

const REST = Buffer.alloc(4);
const V4_BACK = { src: V4.dst, dst: V4.src };
const V6_BACK = { src: V6.dst, dst: V6.src };
const quoting4 = (type: number, inner: Buffer) =>
  ipv4(V4_BACK, icmp(type, 1, Buffer.concat([REST, inner])));
const quoting6 = (type: number, inner: Buffer) =>
  ipv6(V6_BACK, icmp6(type, 1, Buffer.concat([REST, inner])));
const SENT = tcp({ srcPort: 1234, dstPort: 80, seq: 77 });

describe('the packet that an error quotes', () => {
  const segment = new Segment();

  test.each([
    ...[3, 4, 5, 11, 12].map(
      (type) => [`IPv4, type ${type}`, quoting4(type, ipv4(V4, SENT))] as const,
    ),
    ...[1, 2, 3, 4].map((type) => [`IPv6, type ${type}`, quoting6(type, ipv6(V6, SENT))] as const),
  ])('%s', (_, packet) => {
    expect(read(packet)).toBe(Parsed.ok);
    expect(message).toMatchObject({ isError: true, code: 1 });
    expect(parseQuoted(layers, message)).toBe(Parsed.ok);
    expect(layers.protocol).toBe(Protocol.tcp);
    expect(segment.readQuoted(layers)).toBe(Parsed.ok);
    expect(segment).toMatchObject({ srcPort: 1234, dstPort: 80, seq: 77, flags: 2 });
  });

  test('a datagram, of which eight bytes are there', () => {
    const datagram = new Datagram();
    const inner = ipv4(V4, udp({ srcPort: 5, dstPort: 33434, payload: REST })).subarray(0, 28);
    expect(read(quoting4(11, inner))).toBe(Parsed.ok);
    expect(parseQuoted(layers, message)).toBe(Parsed.ok);
    expect(layers.protocol).toBe(Protocol.udp);
    expect(datagram.readQuoted(layers)).toBe(Parsed.ok);
    expect(datagram).toMatchObject({ srcPort: 5, dstPort: 33434 });
  });

  test('cut before it is told, or no packet at all', () => {
    const packet = quoting4(3, ipv4(V4, SENT));
    expect(read(packet, 47)).toBe(Parsed.ok);
    expect(parseQuoted(layers, message)).toBe(Parsed.cut);
    expect(read(quoting4(3, Buffer.alloc(20)))).toBe(Parsed.ok);
    expect(parseQuoted(layers, message)).toBe(Parsed.malformed);
    expect(read(quoting4(3, ip(V6, SENT)))).toBe(Parsed.ok);
    expect(parseQuoted(layers, message)).toBe(Parsed.malformed);
  });
});
