import { describe, expect, test } from 'vitest';
import { ip, ipv4, udp } from '../../test/support/frames.ts';
import { parseRaw } from './ip.ts';
import { Layers, Parsed } from './layers.ts';
import { Datagram } from './udp.ts';

const PAYLOAD = Buffer.alloc(20, 7);
const SENT = udp({ srcPort: 1234, dstPort: 53, payload: PAYLOAD });
const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };

describe('a datagram', () => {
  const layers = new Layers();
  const datagram = new Datagram();
  const read = (packet: Buffer, captured = packet.length): Parsed => {
    layers.begin(packet, 0, captured, packet.length);
    const parsed = parseRaw(layers, 0);
    return parsed === Parsed.ok ? datagram.read(layers) : parsed;
  };
  const withLength = (length: number): Buffer => {
    const bytes = Buffer.from(SENT.bytes);
    bytes.writeUInt16BE(length, 4);
    return ipv4(V4, { ...SENT, bytes });
  };

  test.each([V4, V6])('from $src', (ends) => {
    const packet = ip(ends, SENT);
    expect(read(packet)).toBe(Parsed.ok);
    expect(datagram).toMatchObject({ srcPort: 1234, dstPort: 53, payload: 20, captured: 20 });
    expect(packet.subarray(datagram.data)).toEqual(PAYLOAD);
  });

  test('captured in part', () => {
    const packet = ipv4(V4, SENT);
    for (let captured = 0; captured < 28; captured++)
      expect(read(packet, captured)).toBe(Parsed.cut);
    expect(read(packet, 30)).toBe(Parsed.ok);
    expect(datagram).toMatchObject({ payload: 20, captured: 2 });
  });

  test('a length that the packet has not, or that is none', () => {
    expect(read(withLength(29))).toBe(Parsed.malformed);
    expect(read(withLength(7))).toBe(Parsed.malformed);
    expect(read(withLength(18))).toBe(Parsed.ok);
    expect(datagram).toMatchObject({ payload: 10, captured: 10 });
    expect(read(withLength(0))).toBe(Parsed.ok);
    expect(datagram).toMatchObject({ payload: 20, captured: 20 });
  });

  test('a first fragment tells of the whole', () => {
    expect(read(ipv4({ ...V4, fragment: { offset: 0, length: 16 } }, SENT))).toBe(Parsed.ok);
    expect(datagram).toMatchObject({ payload: 20, captured: 8 });
  });

  test('quoted ports', () => {
    const packet = ipv4(V4, SENT);
    layers.begin(packet, 0, 24, packet.length);
    expect(parseRaw(layers, 0)).toBe(Parsed.ok);
    expect(datagram.readQuoted(layers)).toBe(Parsed.ok);
    expect(datagram).toMatchObject({ srcPort: 1234, dstPort: 53 });
    layers.begin(packet, 0, 23, packet.length);
    expect(datagram.readQuoted(layers)).toBe(Parsed.cut);
  });
});
