import { describe, expect, it } from 'vitest';
import type { Field } from './decoder.ts';
import { eventOf } from './event.ts';
import type { Manifest } from './manifest.ts';
import { Samples } from './samples.ts';

const MANIFEST = { name: 'mine', events: { 'mine.seen': { help: 'x', alert: false } } };
const tell = (fields: Record<string, unknown>, name = 'mine.seen', text = 'x', tsNs = 1) =>
  eventOf(MANIFEST as unknown as Manifest, name, text, fields as Record<string, Field>, tsNs);

describe('an event', () => {
  it('has its fields as members of an object', () => {
    expect(tell({ a: 'b"', n: 1.5, on: true, list: [1, 'x'] })).toMatchObject({
      plugin: 'mine',
      json: '"a":"b\\"","n":1.5,"on":true,"list":[1,"x"]',
    });
    expect(tell({}).json).toBe('');
  });

  it.each([
    { ts: 'x' },
    { event: 'scan' },
    { host: 'x' },
    { 'A b': 1 },
    { a: null },
    { a: {} },
    { a: NaN },
    { a: [[1]] },
    { a: undefined },
    { a: 'x'.repeat(2000) },
    Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i}`, 1])),
  ])('with the fields %j is refused', (fields) => {
    expect(() => tell(fields)).toThrow(RangeError);
  });

  it('is one of the manifest, with a short text and a time', () => {
    expect(() => tell({}, 'toString')).toThrow("no event 'toString'");
    expect(() => tell({}, 'mine.seen', 'x'.repeat(513))).toThrow('512 characters');
    expect(() => tell({}, 'mine.seen', 'x', NaN)).toThrow('nanoseconds');
  });
});

describe('a sample', () => {
  const metric = {
    name: 'm',
    type: 'gauge',
    help: 'x',
    labels: { way: ['in', 'out'] },
  } as const;

  it('is of a metric and labels of the manifest', () => {
    const samples = new Samples([metric]);
    samples.put('m', 1, { way: 'in' });
    expect([...samples.byMetric.values()]).toEqual([[{ labels: ['in'], value: 1 }]]);
    expect(() => samples.put('m', 1, { way: 'in' })).toThrow('put twice');
    expect(() => samples.put('m', 1, { way: 'up' })).toThrow("no way 'up'");
    expect(() => samples.put('m', 1)).toThrow('1 labels');
    expect(() => samples.put('n', 1)).toThrow("no metric 'n'");
    expect(() => samples.put('m', Infinity, { way: 'out' })).toThrow('no number');
  });
});
