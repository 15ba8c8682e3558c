import { expect, it } from 'vitest';
import { countText } from './history.ts';

it.each([
  [500, false, false, '500 connections'],
  [500, true, false, 'the newest 500 connections (older ones by scrolling)'],
  [3, true, false, '3 of the newest 500 connections (older ones by scrolling)'],
  [500, true, true, 'the newest 500 connections (for older ones choose another time or filter)'],
])('%i rows shown, cut: %s, full: %s: %s', (count, isCut, isFull, text) => {
  expect(countText(count, { rows: { size: 500 }, isCut, isFull })).toBe(text);
});
