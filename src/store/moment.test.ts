import { describe, expect, it } from 'vitest';
import { parseMoment } from './moment.ts';

const NOW_US = Date.UTC(2026, 3, 28, 15, 28, 5) * 1000;

describe('a point in time', () => {
  it.each([
    ['15m', NOW_US - 900e6],
    ['1.5h', NOW_US - 5400e6],
    ['7d', NOW_US - 604_800e6],
    ['0s', NOW_US],
    ['2026-04-28T15:28:05Z', NOW_US],
    ['2026-04-28t15:28:05z', NOW_US],
    ['2026-04-28T17:28:05.000001+02:00', NOW_US + 1],
    ['2026-04-28T15:28:05.1234569Z', NOW_US + 123_456],
  ])('%s is read', (text, us) => {
    expect(parseMoment(text, NOW_US)).toBe(us);
  });

  it.each([
    '',
    '15',
    'm',
    '-5m',
    '15 m',
    '2026-04-28',
    '2026-04-28T15:28:05',
    '2026-13-28T15:28:05Z',
    '1e9s',
  ])("'%s' is none", (text) => {
    expect(parseMoment(text, NOW_US)).toBeUndefined();
  });
});
