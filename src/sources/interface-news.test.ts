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
    xdp: undefined,
    addresses: [],
  };
}

function told(news: InterfaceNews, flips: number, nowNs: number): string[] {
  news.flipped(eth0(flips), nowNs);
  return news.take(nowNs);
}

it('tells that an interface is down, or up again, when it stays so', () => {
  const news = new InterfaceNews();
  news.came(eth0(0));
  expect(told(news, 0, START)).toEqual([]);
  expect(told(news, 1, START + SECOND)).toEqual([]);
  expect(told(news, 1, START + 1.5 * SECOND)).toEqual(['eth0 is down']);
  expect(told(news, 2, START + 60 * SECOND)).toEqual([]);
  expect(told(news, 2, START + 61 * SECOND)).toEqual(['eth0 is up again']);
  expect(told(news, 3, START + 62 * SECOND)).toEqual([]);
  news.went(2);
  expect(told(news, 3, START + 63 * SECOND)).toEqual([]);
});

it('tells of one that flaps four times at once, then every 10 s with the count', () => {
  const news = new InterfaceNews();
  news.came(eth0(0));
  const lines: string[] = [];
  for (let flips = 1; flips <= 3000; flips++) {
    const nowNs = START + flips * 0.01 * SECOND;
    lines.push(...told(news, flips, nowNs));
  }
  expect(lines).toHaveLength(6);
  expect(lines[4]).toMatch(/^eth0 is (down|up again), after \d{3} times down and up$/);
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
