import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamParser } from './sse.ts';

const TEXT =
  ': hello\r\nevent: hello\ndata: {"a":1}\nid: 7-1\n\ndata: x\ndata:y\n\nevent: lost\n\n';
const EVENTS = [
  { event: 'hello', data: '{"a":1}', id: '7-1' },
  { event: 'message', data: 'x\ny', id: '7-1' },
];

describe('an event stream', () => {
  it('has the same events however it is cut', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: TEXT.length }), { maxLength: 10 });
    fc.assert(
      fc.property(cuts, (at) => {
        const parser = new EventStreamParser();
        const places = [0, ...at.sort((a, b) => a - b), TEXT.length];
        const parts = places.slice(1).map((end, i) => TEXT.slice(places[i], end));
        expect(parts.flatMap((part) => parser.push(part))).toEqual(EVENTS);
      }),
    );
  });

  it('is given up when an event has no end', () => {
    const parser = new EventStreamParser();
    const part = 'x'.repeat(1024 * 1024);
    expect(() => {
      for (let i = 0; i < 6; i++) parser.push(part);
    }).toThrow('too long');
  });
});
