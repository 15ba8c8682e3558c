import { expect, it } from 'vitest';
import { InterfaceNews } from './interface-news.ts';
import type { HostInterface } from './interface-table.ts';

const SECOND = 1e9;
const START = 5 * SECOND;

function eth0(flips: number): HostInterface {
  const up = flips % 2 === 0;
  return {
    index: 2,
    name: 'eth0',
    otherNames: [],
    up,
    flips,
    type: 1,
    kind: undefined,
    addresses: [],
  };
}

it('tells at once that an interface is down, or up again', () => {
  const news = new InterfaceNews();
  news.came(eth0(0));
  news.flipped(eth0(0), START);
  expect(news.take(START)).toEqual([]);
  news.flipped(eth0(1), START);
  expect(news.take(START)).toEqual(['eth0 is down']);
  news.flipped(eth0(2), START + 60 * SECOND);
  expect(news.take(START + 60 * SECOND)).toEqual(['eth0 is up again']);
});

it('tells of one that flaps every 10 s, with the count', () => {
  const news = new InterfaceNews();
  news.came(eth0(0));
  const lines: string[] = [];
  for (let flips = 1; flips <= 3000; flips++) {
    const nowNs = START + flips * 0.01 * SECOND;
    news.flipped(eth0(flips), nowNs);
    lines.push(...news.take(nowNs));
  }
  expect(lines).toHaveLength(3);
  expect(lines[1]).toBe('eth0 is down, after 500 times down and up');
  expect(news.untold).toBe(0);
});

it('tells a burst, then a line a second, and counts the rest', () => {
  const news = new InterfaceNews();
  const lines: string[] = [];
  for (let n = 0; n < 1000; n++) {
    const nowNs = START + n * 0.01 * SECOND;
    news.tell(`veth${n} is gone`, nowNs);
    lines.push(...news.take(nowNs));
  }
  expect(lines.length).toBeLessThan(32);
  expect(news.untold).toBeGreaterThan(950);
  expect(news.take(START + 60 * SECOND)).toEqual([
    expect.stringMatching(/^\d+ further changes of interfaces are not told one by one$/),
  ]);
  expect(news.take(START + 90 * SECOND)).toEqual([]);
});
