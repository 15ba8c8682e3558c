import { expect, test } from 'vitest';
import { Progress, progressLine } from './progress.ts';

test('how far it has come', () => {
  expect(progressLine(1.25e9, 5e9, 2.5)).toBe(
    '[######                  ]  25 %  1.3 of 5.0 GB  500 MB/s  8 s left',
  );
  expect(progressLine(0, 5e9, 1)).toMatch(/  0 %  0.0 of 5.0 GB  0 MB\/s$/);
  expect(progressLine(1e9, undefined, 2)).toBe('1.0 GB  500 MB/s');
});

test('it is drawn when it takes long, now and then, and taken away before anything else', () => {
  let nowMs = 0;
  let drawn = '';
  const progress = new Progress(
    (text) => (drawn += text),
    true,
    () => nowMs,
  );
  const show = (ms: number): string => {
    nowMs = ms;
    drawn = '';
    progress.show([{ taken: 1e8, size: 2e8 }]);
    return drawn;
  };
  expect(show(900)).toBe('');
  const bar = `[${'#'.repeat(12)}${' '.repeat(12)}]  50 %  0.1 of 0.2 GB  100 MB/s  1 s left`;
  expect(show(1000)).toBe(`\r${bar}\x1b[K`);
  expect(show(1100)).toBe('');
  expect(show(1300)).toContain('50 %');
  drawn = '';
  progress.clear();
  progress.clear();
  expect(drawn).toBe('\r\x1b[K');
  expect(show(1301)).toContain('50 %');
  progress.beforeLines();
  expect(drawn).toContain('\r\x1b[K');
});

test('it stays where it is when lines go elsewhere', () => {
  let nowMs = 0;
  const drawn: string[] = [];
  const progress = new Progress(
    (text) => drawn.push(text),
    false,
    () => nowMs,
  );
  for (nowMs = 0; nowMs < 1400; nowMs += 10) {
    progress.beforeLines();
    progress.show([{ taken: 1e8, size: 2e8 }]);
  }
  expect(drawn).toHaveLength(2);
  progress.clear();
  expect(drawn.at(-1)).toBe('\r\x1b[K');
});
