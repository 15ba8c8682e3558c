import { describe, expect, test } from 'vitest';
import {
  extension,
  fragmentHeader,
  icmp,
  icmp6,
  ip,
  ipv4,
  ipv6,
  type Segment as Carried,
  tcp,
  udp,
} from '../../test/support/frames.ts';
import { ipSum, Sum, transportSum } from './checksum.ts';
import { parseRaw } from './ip.ts';
import { Layers, Parsed } from './layers.ts';

const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };
const ODD = Buffer.from('an odd number');
const layers = new Layers();

function read(packet: Buffer, captured = packet.length): Layers {
  layers.begin(packet, 0, captured, packet.length);
  expect(parseRaw(layers, 0)).toBe(Parsed.ok);
  return layers;
}

/** With another checksum. */
function withSum(packet: Buffer, at: number, sum: number): Buffer {
  const copy = Buffer.from(packet);
  copy.writeUInt16BE(sum, at);
  return copy;
}

/** The sum of the pseudo header, not complemented, as Linux leaves it for the card; by a second reading of RFC 9293. */
function partial(packet: Buffer, protocol: number, length: number): number {
  const ends = packet[0]! >> 4 === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  let sum = protocol + length;
  for (let i = 0; i < ends.length; i += 2) sum += ends.readUInt16BE(i);
  return sum % 0xffff || 0xffff;
}

const CARRIED: readonly [name: string, carried: Carried, sumAt: number][] = [
  ['TCP', tcp({ payload: ODD }), 16],
  ['TCP without payload', tcp(), 16],
  ['UDP', udp({ payload: ODD }), 6],
];

describe.each([V4, V6])('from $src', (ends) => {
  test.each(CARRIED)('%s', (_, carried, sumAt) => {
    const packet = ip(ends, carried);
    const at = packet.length - carried.bytes.length + sumAt;
    const right = packet.readUInt16BE(at);
    const of = (sum: number): Sum => transportSum(read(withSum(packet, at, sum)));
    expect(transportSum(read(packet))).toBe(Sum.right);
    expect(of(right ^ 1)).toBe(Sum.wrong);
    expect(of(partial(packet, carried.protocol, carried.bytes.length))).toBe(Sum.offloaded);
    expect(of(partial(packet, carried.protocol, 0))).toBe(Sum.offloaded);
    expect(of(0)).toBe(carried.protocol === 6 ? Sum.offloaded : Sum.unknown);
    expect(transportSum(read(packet, packet.length - 1))).toBe(Sum.unknown);
    expect(transportSum(read(Buffer.concat([packet, Buffer.alloc(6, 1)])))).toBe(Sum.right);
    for (let byte = at + 2; byte < packet.length; byte++) {
      const other = withSum(packet, at, right);
      other[byte]! ^= 0x10;
      expect(transportSum(read(other))).toBe(Sum.wrong);
    }
  });

  test('a fragment: not told', () => {
    const fragment = { offset: 0, length: 24 };
    const carried = tcp({ payload: ODD });
    const first =
      ends === V4
        ? ipv4({ ...ends, fragment }, carried)
        : ipv6({ ...ends, extensions: [fragmentHeader(fragment)] }, carried);
    expect(transportSum(read(first))).toBe(Sum.unknown);
  });

  test('other protocols: not told', () => {
    expect(transportSum(read(ip(ends, { protocol: 132, bytes: ODD })))).toBe(Sum.unknown);
  });
});

test('ICMP has no pseudo header, ICMPv6 has one', () => {
  const four = ipv4(V4, icmp(8, 0, ODD));
  expect(transportSum(read(four))).toBe(Sum.right);
  expect(transportSum(read(withSum(four, 22, 0)))).toBe(Sum.wrong);
  const six = ipv6(V6, icmp6(128, 0, ODD));
  expect(transportSum(read(six))).toBe(Sum.right);
  expect(transportSum(read(withSum(six, 42, 1)))).toBe(Sum.wrong);
});

test('the header of IPv4', () => {
  const packet = ipv4({ ...V4, ipOptions: Buffer.alloc(8, 1) }, tcp());
  expect(ipSum(read(packet))).toBe(Sum.right);
  expect(ipSum(read(withSum(packet, 10, packet.readUInt16BE(10) ^ 1)))).toBe(Sum.wrong);
  expect(ipSum(read(withSum(packet, 10, 0)))).toBe(Sum.offloaded);
  expect(ipSum(read(packet, 24))).toBe(Sum.unknown);
  expect(ipSum(read(ipv6(V6, tcp())))).toBe(Sum.unknown);
});

describe('IPv6 whose ends are others than its header says', () => {
  const routed = extension('ROUTING', 24);
  routed.bytes[3] = 1; // still on its way
  const home = extension('DESTINATION', 24);
  Buffer.from('01020000c910', 'hex').copy(home.bytes, 2);
  const wrong = (packet: Buffer) => withSum(packet, packet.length - 4, 1);

  test.each([
    ['on its way', [routed], Sum.unknown],
    ['from a mobile host', [extension('HOP'), home], Sum.unknown],
    ['arrived', [extension('ROUTING', 24)], Sum.wrong],
    ['with other options', [extension('DESTINATION')], Sum.wrong],
  ] as const)('%s', (_, extensions, sum) => {
    expect(transportSum(read(wrong(ipv6({ ...V6, extensions }, tcp()))))).toBe(sum);
  });
});
