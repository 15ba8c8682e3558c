import { describe, expect, it } from 'vitest';
import { Layout } from './layout.ts';

const MAP = { type: 2, key: 4, value: 16, entries: 8, flags: 0, of: ['pw_set'] };
const PLACE = { at: 0, bytes: 8, count: 1 };
const SLOT = { size: 8, members: { src: PLACE } };
const SET = {
  size: 16,
  members: { lock: { at: 0, bytes: 4, count: 1 }, slot: { ...PLACE, of: 'pw_slot' } },
};

function layout(change: { meaning?: number; slot?: object; map?: object } = {}): Layout {
  const { meaning = 1, slot = SLOT, map = MAP } = change;
  const structs = { pw_set: SET, pw_slot: slot };
  const found = Layout.parse(JSON.stringify({ meaning, maps: { pw_sets: map }, structs }));
  if (!found) throw new Error('no layout');
  return found;
}

describe('a layout', () => {
  it('is the same as its text', () => {
    const again = Layout.parse(layout().text())!;
    expect(again.id).toBe(layout().id);
    expect(again.shares(layout(), 'pw_sets')).toBe(true);
    expect(again.place('pw_slot', 'src')).toEqual(PLACE);
  });

  it.each([
    ['another meaning', { meaning: 2 }],
    ['another number of entries', { map: { ...MAP, entries: 16 } }],
    [
      'a member deep inside at another place',
      { slot: { ...SLOT, members: { src: { ...PLACE, at: 4 } } } },
    ],
  ])('with %s is another one', (_, change) => {
    expect(layout(change).id).not.toBe(layout().id);
    expect(layout(change).shares(layout(), 'pw_sets')).toBe(false);
  });

  it('tells what it has not', () => {
    expect(layout().find('pw_set', 'hits')).toBeUndefined();
    expect(() => layout().place('pw_set', 'hits')).toThrow('struct pw_set has no hits');
    expect(layout({ meaning: 7 }).understood).toBe(false);
  });

  it.each(['', 'null', '[]', '{"meaning":1}', '{"meaning":1,"maps":{"x":{}},"structs":{}}'])(
    'is none: %j',
    (text) => {
      expect(Layout.parse(text)).toBeUndefined();
    },
  );
});
