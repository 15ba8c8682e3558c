import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashIndex } from './hash-index.ts';
import { List, Row } from './row.ts';
import { ConnectionTable } from './table.ts';

/** expect() costs far more than what is looked at here. */
function same(is: unknown, should: unknown): void {
  if (is !== should) throw new Error(`${String(is)} instead of ${String(should)}`);
}

describe('HashIndex', () => {
  it('does what a Map does, through growth and removals', () => {
    // Few distinct low and high words make long runs and equal halves.
    const key = fc.record({
      lo: fc.integer({ min: 0, max: 60 }),
      hi: fc.constantFrom(0, 1, 0xffffffff),
    });
    const step = fc.tuple(key, fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.integer(), (steps, seed) => {
        const index = new HashIndex(seed);
        const model = new Map<string, number>();
        let next = 0;
        for (const [{ lo, hi }, add] of steps) {
          const name = `${lo}/${hi}`;
          same(index.find(lo, hi), model.get(name) ?? -1);
          const removed = !add && index.remove(lo, hi);
          same(removed, !add && model.delete(name));
          if (!add) continue;
          if (!model.has(name)) {
            index.add(lo, hi, next);
            model.set(name, next++);
          }
          same(index.size, model.size);
        }
        for (const [name, row] of model) {
          const [lo, hi] = name.split('/').map(Number);
          same(index.find(lo!, hi!), row);
        }
        expect(index.size).toBe(model.size);
      }),
    );
  });

  it('holds what it was given over ten doublings, and stays findable while half is removed', () => {
    const index = new HashIndex(7);
    for (let i = 0; i < 300_000; i++) index.add(Math.imul(i, 0x9e3779b1) >>> 0, i, i);
    for (let i = 0; i < 300_000; i += 2) index.remove(Math.imul(i, 0x9e3779b1) >>> 0, i);
    let wrong = 0;
    for (let i = 0; i < 300_000; i++) {
      if (index.find(Math.imul(i, 0x9e3779b1) >>> 0, i) !== (i % 2 === 0 ? -1 : i)) wrong++;
    }
    expect(wrong).toBe(0);
    expect(index.size).toBe(150_000);
  });
});

describe('ConnectionTable', () => {
  it('does what a Map and one queue per list do', () => {
    const id = fc.integer({ min: 0, max: 30 });
    const list = fc.integer({ min: 0, max: List.count - 1 });
    const step = fc.tuple(fc.constantFrom('add', 'remove', 'move'), id, list);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new ConnectionTable(20, 1);
        const queues: number[][] = Array.from({ length: List.count }, () => []);
        const where = new Map<number, number>();
        const leave = (n: number) => {
          const queue = queues[where.get(n)!]!;
          queue.splice(queue.indexOf(n), 1);
        };
        for (const [verb, n, to] of steps) {
          const row = table.find(n, n ^ 5);
          same(row >= 0, where.has(n));
          if (verb === 'add' && row < 0) {
            const added = table.add(n, n ^ 5, to);
            same(added >= 0, where.size < 20);
            if (added < 0) continue;
            same(table.numbers[(added * Row.stride + Row.start_ns) >> 3], 0);
            table.numbers[(added * Row.stride + Row.start_ns) >> 3] = n + 1;
            queues[to]!.push(n);
            where.set(n, to);
          } else if (verb === 'remove' && row >= 0) {
            table.remove(row);
            leave(n);
            where.delete(n);
          } else if (verb === 'move' && row >= 0) {
            table.move(row, to);
            leave(n);
            queues[to]!.push(n);
            where.set(n, to);
          }
          queues.forEach((queue, at) => {
            same(table.length(at), queue.length);
            const oldest = table.oldest(at);
            expect(oldest < 0 ? undefined : table.words[(oldest * Row.stride + Row.id) >> 2]).toBe(
              queue[0],
            );
          });
          same(table.size, where.size);
        }
        for (const n of where.keys()) {
          const row = table.find(n, n ^ 5);
          same(table.numbers[(row * Row.stride + Row.start_ns) >> 3], n + 1);
        }
      }),
    );
  });

  it('uses freed rows again before new ones', () => {
    const table = new ConnectionTable(1000, 1);
    const rows = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      const row = table.add(i, i, List.open);
      rows.add(row);
      table.remove(row);
    }
    expect([...rows]).toEqual([0]);
  });
});
