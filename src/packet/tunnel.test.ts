import { describe, expect, test } from 'vitest';
import {
  ethernet,
  ip,
  ipv4,
  ipv6,
  type Segment as Carried,
  tcp,
  udp,
} from '../../test/support/frames.ts';
import { ENDS4, ENDS6 } from '../../test/support/links.ts';
import { carried, gre, gtp, inUdp, TEREDO, TUNNELS, V4, V6 } from '../../test/support/tunnels.ts';
import { Tunnel } from '../wire/layout.gen.ts';
import { parseRaw, Protocol } from './ip.ts';
import { Layers, Parsed } from './layers.ts';
import { Segment } from './tcp.ts';
import { MOST_TUNNELS, Tunnels } from './tunnel.ts';

const NONE: readonly [name: string, outer: Carried][] = [
  ['GRE of version 2', gre('0002 0800', V4)],
  ['GRE with something else', gre('0000 8300', V4)],
  ['GRE with an old number', gre('0000 0004', V4)],
  ['GRE with ARP', gre('0000 0806', Buffer.alloc(28))],
  ['PPTP that only acknowledges', gre('2081 880b 00000007 00000002', Buffer.alloc(0))],
  ['version 1 with something else', gre('3001 0800 00300007 00000001 0021', V4)],
  ['other datagrams', udp({ dstPort: 53, payload: V4 })],
  ['VXLAN without a number', inUdp(4789, '00000000 00002a00', ethernet(V4))],
  ['VXLAN that sets what is reserved', inUdp(4789, '08000000 00002a01', ethernet(V4))],
  ['VXLAN with ARP', inUdp(4789, '08000000 00002a00', ethernet(Buffer.alloc(28), [], 0x0806))],
  [
    'VXLAN with a packet that is cut',
    inUdp(4789, '08000000 00002a00', ethernet(V4).subarray(0, 50)),
  ],
  ['a source port of VXLAN', inUdp(50_001, '08000000 00002a00', ethernet(V4), 4789)],
  ['Geneve of another version', inUdp(6081, '40000800 00000100', V4)],
  ['Geneve with something else', inUdp(6081, '00000806 00000100', V4)],
  ['Geneve whose options are longer', inUdp(6081, '3f000800 00000100', V4)],
  ['Teredo with other addresses', inUdp(3544, '', V6)],
  ['Teredo with less than a packet', inUdp(3544, '', TEREDO.subarray(0, 56))],
  ['Teredo with IPv4', inUdp(3544, '', V4)],
  ['GTP of another length', inUdp(2152, '30ff0027 00000001', V4)],
  ['GTP that signals', inUdp(2152, '30010028 00000001', V4)],
  ['GTP with an extension of no length', gtp('34', '00000085 00000085', V4)],
  ['GTP with something else', gtp('30', '', Buffer.alloc(40))],
  ['AYIYA that only asks', inUdp(5072, `4152 1029 4f000000 ${'00'.repeat(36)}`, V6)],
  ['AYIYA with something else', inUdp(5072, `4152 1106 4f000000 ${'00'.repeat(36)}`, V6)],
  ['text to such a port', inUdp(5072, '', Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n'))],
];

const layers = new Layers();
const tunnels = new Tunnels();
const segment = new Segment();

function read(packet: Buffer, captured = packet.length): Parsed {
  layers.begin(packet, 0, captured, packet.length);
  const parsed = parseRaw(layers, 0);
  return parsed === Parsed.ok ? tunnels.enter(layers) : parsed;
}

describe.each([ENDS4, ENDS6])('from $src', (ends) => {
  test.each(TUNNELS)('%s', (_, kind, outer) => {
    expect(read(ip(ends, outer))).toBe(Parsed.ok);
    expect(layers).toMatchObject({ tunnels: 1, tunnel: kind, protocol: Protocol.tcp, vlan: -1 });
    expect(segment.read(layers)).toBe(Parsed.ok);
    expect(segment).toMatchObject({ srcPort: 1234, dstPort: 80, payload: 0 });
  });

  test.each(TUNNELS)('%s, captured in part', (_name, _kind, outer) => {
    const packet = ip(ends, outer);
    const header = packet.length - outer.bytes.length;
    for (let captured = header + 8; captured < packet.length; captured++) {
      const parsed = read(packet, captured);
      const result = parsed === Parsed.ok ? segment.read(layers) : parsed;
      expect([captured, result]).toEqual([captured, Parsed.cut]);
    }
  });

  test.each(NONE)('%s: no tunnel', (_, outer) => {
    const packet = ip(ends, outer);
    expect(read(packet)).toBe(Parsed.other);
    expect(layers).toMatchObject({
      tunnels: 0,
      tunnel: Tunnel.NONE,
      protocol: outer.protocol,
      ip: 0,
      end: packet.length,
      wireEnd: packet.length,
    });
  });
});

test('a packet inside that is malformed', () => {
  expect(read(ipv4(ENDS4, carried(4, '', V6)))).toBe(Parsed.malformed);
  expect(read(ipv4(ENDS4, carried(4, '', V4.subarray(0, 19))))).toBe(Parsed.malformed);
  expect(read(ipv4(ENDS4, gre('0000 0800', V4.subarray(0, 19))))).toBe(Parsed.malformed);
  expect(read(ipv4(ENDS4, gre('b000 0800', Buffer.alloc(0))))).toBe(Parsed.malformed);
});

test('what follows the packet around it is not read', () => {
  const short = Buffer.concat([ipv4(ENDS4, carried(4, '', V4.subarray(0, 30))), Buffer.alloc(20)]);
  expect(read(short)).toBe(Parsed.ok);
  expect(segment.read(layers)).toBe(Parsed.malformed);
});

test('the first fragment of what carries it tells of the packet inside', () => {
  const outer = ipv4({ ...ENDS4, fragment: { offset: 0, length: 40 } }, gre('0000 0800', V4));
  expect(read(outer)).toBe(Parsed.ok);
  expect(segment.read(layers)).toBe(Parsed.cut);
  const whole = tcp({ payload: Buffer.alloc(1000) });
  const inner = ipv4({ src: '198.51.100.1', dst: '198.51.100.2' }, whole);
  const first = ipv6(
    {
      ...ENDS6,
      extensions: [{ protocol: 44, bytes: Buffer.alloc(8), fragment: { offset: 0, length: 96 } }],
    },
    carried(4, '', inner),
  );
  expect(read(first)).toBe(Parsed.ok);
  expect(segment.read(layers)).toBe(Parsed.ok);
  expect(segment).toMatchObject({ payload: 1000, captured: 56 });
});

test('tunnels in tunnels, to a depth', () => {
  let packet = V4;
  for (let depth = 0; depth <= MOST_TUNNELS; depth++) packet = ipv4(ENDS4, carried(4, '', packet));
  expect(read(packet)).toBe(Parsed.ok);
  for (let depth = 2; depth <= MOST_TUNNELS; depth++) {
    expect(tunnels.enter(layers)).toBe(Parsed.ok);
    expect(layers.tunnels).toBe(depth);
  }
  expect(tunnels.tooDeep).toBe(0);
  expect(tunnels.enter(layers)).toBe(Parsed.other);
  expect(tunnels.tooDeep).toBe(1);
  expect(layers).toMatchObject({ tunnels: MOST_TUNNELS, protocol: 4 });
});
