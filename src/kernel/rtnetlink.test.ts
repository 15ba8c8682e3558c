import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../wire/address.ts';
import { dumpInterfaces } from './netlink.ts';
import { type Datagram, readDatagram } from './rtnetlink.ts';

const NEW_LINK = 16;
const DELETE_LINK = 17;
const NEW_ADDRESS = 20;
const DELETE_ADDRESS = 21;
const NEW_ROUTE = 24;

const u16 = (n: number) => [n & 0xff, n >> 8];
const u32 = (n: number) => [...u16(n & 0xffff), ...u16(n >>> 16)];
const text = (value: string) => [...Buffer.from(`${value}\0`)];
const padded = (bytes: number[]) => [...bytes, ...Array<number>(-bytes.length & 3).fill(0)];
const attribute = (type: number, value: number[]) =>
  padded([...u16(value.length + 4), ...u16(type), ...value]);

function message(type: number, body: number[], flags = 0): number[] {
  return padded([
    ...u32(body.length + 16),
    ...u16(type),
    ...u16(flags),
    ...u32(0),
    ...u32(0),
    ...body,
  ]);
}

/** struct ifinfomsg of an Ethernet device that is up. */
const info = (index: number, family = 0, up = 1) => [
  family,
  0,
  ...u16(1),
  ...u32(index),
  ...u32(up),
  ...u32(0),
];
const link = (type: number, index: number, name: string, ...more: number[]) =>
  message(type, [...info(index), ...attribute(3, text(name)), ...more]);
const address = (type: number, family: number, index: number, ...attributes: number[]) =>
  message(type, [family, 24, 0, 0, ...u32(index), ...attributes]);
const route = (table: number, ...attributes: number[]) =>
  message(NEW_ROUTE, [2, 0, 0, 0, table, 3, 0, 1, ...u32(0), ...attributes]);

/** struct rtnexthop with the gateway 10.0.0.n. */
const path = (n: number) => [...u16(16), 0, 0, ...u32(n), ...attribute(5, [10, 0, 0, n])];

/** Of a buffer that is used again. */
function read(...bytes: number[]): Datagram {
  const buffer = Buffer.from(bytes);
  const datagram = readDatagram(buffer);
  buffer.fill(0);
  return datagram;
}

const V6 = [0xfd, ...Array<number>(14).fill(0), 1];

describe('readDatagram', () => {
  it('an interface, its XDP programs and further names', () => {
    const xdp = attribute(43, [...attribute(2, [2]), ...attribute(4, u32(77))]);
    const names = attribute(0x8000 | 52, [
      ...attribute(53, text('wan')),
      ...attribute(53, text('uplink0')),
    ]);
    const { messages, bad } = read(...link(NEW_LINK, 7, 'eth0', ...xdp, ...names));
    expect(bad).toBe(false);
    expect(messages).toEqual([
      {
        what: 'link',
        gone: false,
        index: 7,
        name: 'eth0',
        otherNames: ['wan', 'uplink0'],
        up: true,
        type: 1,
        xdp: [77],
      },
    ]);
  });

  it('several messages, of which one is of nobody', () => {
    const { messages } = read(
      ...link(DELETE_LINK, 7, 'eth0'),
      ...message(99, u32(1)),
      ...link(NEW_LINK, 8, 'eth0'),
    );
    expect(messages).toMatchObject([
      { gone: true, index: 7 },
      { gone: false, index: 8 },
    ]);
  });

  it('that an interface leaves a bridge is not its end', () => {
    const left = message(DELETE_LINK, [...info(7, 7), ...attribute(3, text('eth0'))]);
    expect(read(...left)).toMatchObject({ messages: [], bad: false });
  });

  it('own addresses, not those of the peer of a link', () => {
    const mine = attribute(2, [10, 0, 0, 5]);
    const peers = attribute(1, [10, 0, 0, 6]);
    const { messages } = read(
      ...address(NEW_ADDRESS, 2, 7, ...peers, ...mine),
      ...address(DELETE_ADDRESS, 10, 7, ...attribute(1, V6)),
    );
    const told = messages.map((one) =>
      one.what === 'address' ? [one.gone, one.index, formatAddress(one.address)] : one,
    );
    expect(told).toEqual([
      [false, 7, '10.0.0.5'],
      [true, 7, 'fd00::1'],
    ]);
  });

  it.each([
    ['a route', attribute(5, [10, 0, 0, 1]), ['10.0.0.1']],
    ['a route over IPv6', attribute(18, [...u16(10), ...V6]), ['fd00::1']],
    ['each of several paths', attribute(9, [path(1), path(2)].flat()), ['10.0.0.1', '10.0.0.2']],
  ])('the gateway of %s', (_, attributes, gateways) => {
    const [told] = read(...route(254, ...attributes)).messages;
    expect(told?.what === 'route' && told.gateways.map((one) => formatAddress(one))).toEqual(
      gateways,
    );
    expect(read(...route(100, ...attributes)).messages).toEqual([]); // not the main table
  });

  it('the end of a dump, an error, and a dump that is not what it was', () => {
    expect(read(...message(3, u32(0)))).toMatchObject({ done: true, bad: false });
    expect(read(...message(2, u32(-1 >>> 0)))).toMatchObject({ error: 1 });
    expect(read(...message(3, u32(0), 0x10))).toMatchObject({ bad: true });
    expect(read(...message(4, u32(0)))).toMatchObject({ bad: true });
  });

  it.each([
    ['a length over the datagram', [...u32(64), ...u16(NEW_LINK), ...u16(0), ...u32(0), ...u32(0)]],
    ['a length under a head', [...u32(8), ...u16(NEW_LINK), ...u16(0), ...u32(0), ...u32(0)]],
    ['half a head', u32(16)],
    ['no body', message(NEW_LINK, [])],
    ['no name', message(NEW_LINK, info(7))],
    ['an empty name', link(NEW_LINK, 7, '')],
    ['an index of 0', link(NEW_LINK, 0, 'eth0')],
    [
      'an attribute over its message',
      message(NEW_LINK, [...info(7), ...u16(200), ...u16(3), ...u32(0)]),
    ],
    [
      'an attribute without length',
      message(NEW_LINK, [...info(7), ...u16(0), ...u16(3), ...u32(0)]),
    ],
    ['an address too short', address(NEW_ADDRESS, 2, 7, ...attribute(2, [10, 0, 0]))],
    ['an IPv4 address of 16 bytes', address(NEW_ADDRESS, 2, 7, ...attribute(2, V6))],
    ['no address', address(NEW_ADDRESS, 2, 7)],
    ['a path over its route', route(254, ...attribute(9, [...u16(99), 0, 0, ...u32(1)]))],
    ['a path without length', route(254, ...attribute(9, [...u16(0), 0, 0, ...u32(1)]))],
  ])('%s is bad', (_, bytes) => {
    expect(read(...bytes)).toMatchObject({ messages: [], bad: true });
  });

  it('reads what comes before a bad message', () => {
    const { messages, bad } = read(...link(NEW_LINK, 7, 'eth0'), ...message(NEW_LINK, []));
    expect(messages).toHaveLength(1);
    expect(bad).toBe(true);
  });

  it('throws for no bytes whatever, nor for messages cut off or changed anywhere', () => {
    const real = [
      ...link(NEW_LINK, 7, 'eth0', ...attribute(18, attribute(1, text('veth')))),
      ...address(NEW_ADDRESS, 2, 7, ...attribute(2, [10, 0, 0, 5])),
      ...route(254, ...attribute(9, path(1))),
    ];
    for (let length = 0; length < real.length; length++) read(...real.slice(0, length));
    const changes = fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), changes, (bytes, some) => {
        readDatagram(bytes);
        const changed = Uint8Array.from(real);
        for (const [at, value] of some) changed[at] = value;
        readDatagram(changed);
      }),
      { numRuns: 2000 },
    );
    expect(read(...real).messages).toHaveLength(3);
  });

  it('the list of the running kernel', () => {
    const messages = dumpInterfaces() ?? [];
    expect(messages).toContainEqual(
      expect.objectContaining({ what: 'link', name: 'lo', type: 772, xdp: [] }),
    );
  });
});
