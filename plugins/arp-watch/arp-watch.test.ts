import { describe, expect, it } from 'vitest';
import type { Claim } from './claim.ts';
import { Floods } from './floods.ts';
import { ownAddresses } from './own.ts';
import { Quiet } from './quiet.ts';
import { Stations } from './stations.ts';

const S = 1e9;
const claim = (mac: string, atS: number, ip = '10.0.0.7', probe = false): Claim => ({
  tsNs: atS * S,
  ifindex: 2,
  lifetime: 0,
  router: false,
  probe,
  ip,
  mac,
  frame: mac,
});

describe('stations', () => {
  const told = (...claims: Claim[]) => {
    const stations = new Stations(100);
    return claims.map((one) => stations.claim(one, undefined));
  };

  it('are new once', () => {
    expect(told(claim('a', 1), claim('a', 2))).toEqual([{ what: 'new' }, undefined]);
  });

  it('move, and were quiet so long', () => {
    expect(told(claim('a', 1), claim('a', 5), claim('b', 9))[2]).toEqual({
      what: 'moved',
      from: 'a',
      back: false,
      quietNs: 4 * S,
    });
  });

  it('that come back within a minute share an address, later they moved back', () => {
    const [, , soon] = told(claim('a', 1), claim('b', 2), claim('a', 61));
    expect(soon).toEqual({ what: 'duplicate', other: 'b', own: false });
    const [, , late] = told(claim('a', 1), claim('b', 2), claim('a', 63));
    expect(late).toMatchObject({ what: 'moved', from: 'b', back: true });
  });

  it('that take an address in turn, three of them, only move', () => {
    const all = told(claim('a', 1), claim('b', 2), claim('c', 3), claim('a', 4));
    expect(all.map((finding) => finding?.what)).toEqual(['new', 'moved', 'moved', 'moved']);
  });

  it('that ask for an address have it not yet, unless it is ours', () => {
    const stations = new Stations(100);
    const probe = claim('a', 1, '10.0.0.7', true);
    expect(stations.claim(probe, undefined)).toBeUndefined();
    expect(stations.size).toBe(0);
    const ours = { mac: 'b', macs: new Set(['b', 'c']) };
    expect(stations.claim(probe, ours)).toEqual({ what: 'duplicate', other: 'b', own: true });
    for (const mac of ['b', 'c']) expect(stations.claim(claim(mac, 2), ours)).toBeUndefined();
  });

  it('are forgotten, the quietest first, when there are too many', () => {
    const stations = new Stations(2);
    for (const ip of ['x', 'y', 'x', 'z']) stations.claim(claim('a', 1, ip), undefined);
    expect([stations.size, stations.forgotten]).toEqual([2, 1]);
    expect(stations.claim(claim('a', 2, 'x'), undefined)).toBeUndefined();
    expect(stations.claim(claim('a', 2, 'y'), undefined)).toEqual({ what: 'new' });
  });
});

describe('own addresses', () => {
  const at = (address: string, mac: string) =>
    ({ address, mac, family: 'IPv4', netmask: '', internal: false, cidr: null }) as const;

  it('have the MAC of their interface, and all have the MACs of all in common', () => {
    const own = ownAddresses({
      x: [at('10.0.0.1', 'a'), at('10.0.0.2', 'a')],
      y: [at('::1', 'b')],
    });
    expect([...own].map(([address, { mac }]) => [address, mac])).toEqual([
      ['10.0.0.1', 'a'],
      ['10.0.0.2', 'a'],
      ['::1', 'b'],
    ]);
    const lists = new Set([...own.values()].map(({ macs }) => macs)); // not one for each address
    expect([...lists]).toEqual([new Set(['a', 'b'])]);
  });
});

describe('quiet', () => {
  it('is kept of one subject for a while, and of all in a second', () => {
    const quiet = new Quiet(2, 10 * S);
    const allowed = (subject: string, atS: number) => quiet.allows(subject, atS * S);
    expect([allowed('a', 1), allowed('a', 5), allowed('a', 11)]).toEqual([true, false, true]);
    expect([allowed('b', 11), allowed('c', 11), allowed('c', 12)]).toEqual([true, false, true]);
    expect(quiet.untold).toBe(2);
  });

  it('remembers no more than was told in that time', () => {
    const quiet = new Quiet(1000, 10 * S);
    for (let i = 0; i < 100_000; i++) quiet.allows(`${i}`, i * 0.01 * S);
    expect(quiet.remembered).toBeLessThan(1002);
  });
});

describe('a flood', () => {
  it('begins in a second with more than 50, and ends after three with fewer than 10', () => {
    const floods = new Floods();
    const seen = [50, 101, 200, 205, 250, 251, 251, 251, 251];
    expect(seen.map((counted) => floods.look(2, counted))).toEqual([
      undefined,
      { state: 'start', count: 51 },
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      { state: 'end', count: 201 },
      undefined,
    ]);
    expect(floods.look(3, 60)).toEqual({ state: 'start', count: 60 });
  });
});
