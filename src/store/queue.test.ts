import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreQueue } from './queue.ts';

const LINE = new TextEncoder().encode(`${'x'.repeat(99)}\n`);

function tell(queue: StoreQueue, lines: number): void {
  for (let i = 0; i < lines; i++) {
    if (!queue.reserve(LINE.length)) continue;
    queue.bytes.set(LINE, queue.pos);
    queue.commit(queue.pos + LINE.length);
  }
}

describe('what waits for the store', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is a batch of 1,000 lines, or of a second', () => {
    const queue = new StoreQueue();
    tell(queue, 999);
    expect(queue.next(false)).toBeUndefined();
    tell(queue, 1);
    expect(queue.next(false)).toMatchObject({ lines: 1000 });
    queue.answered(true);
    tell(queue, 1);
    expect(queue.next(false)).toBeUndefined();
    vi.advanceTimersByTime(1000);
    expect(queue.next(false)?.bytes).toEqual(LINE);
    queue.answered(true);
    expect(queue.next(true)).toBeUndefined();
    expect(queue.kept).toBe(1001);
  });

  it('goes one batch after the other, and grows meanwhile', () => {
    const queue = new StoreQueue();
    tell(queue, 1000);
    const sent = queue.next(false);
    tell(queue, 5000);
    expect(queue.next(true)).toBeUndefined();
    expect(queue.sent).toBe(sent);
    expect(queue.waiting).toBe(6000);
    queue.answered(true);
    expect(queue.next(false)).toMatchObject({ lines: 5000 });
  });

  it('is lost beyond its bound, and counted', () => {
    const queue = new StoreQueue(1_000_000);
    tell(queue, 6000);
    expect(queue.next(true)).toMatchObject({ lines: 6000 });
    tell(queue, 6000);
    expect(queue.full).toBe(true);
    expect(queue.counts()).toMatchObject({ lines: 10_000, lost: 2000 });
    queue.answered(false);
    expect(queue.counts().lost).toBe(8000);
    expect(queue.next(true)).toMatchObject({ lines: 4000 });
    expect(queue.full).toBe(false);
  });

  it('is written once it is stored, or while the store fails', () => {
    const queue = new StoreQueue();
    tell(queue, 2);
    expect(queue.progress()).toEqual({ made: 200, written: 0 });
    queue.next(true);
    tell(queue, 1);
    queue.answered(true);
    expect(queue.progress()).toEqual({ made: 300, written: 200 });
    queue.trouble = true;
    expect(queue.progress()).toEqual({ made: 300, written: 300 });
  });
});
