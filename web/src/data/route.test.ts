import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute, takeToken, VIEWS } from './route.ts';

describe('a route', () => {
  it('comes back from its link as it was, whatever it keeps', () => {
    const params = fc.dictionary(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1, unit: 'grapheme' }),
      {
        noNullPrototype: false,
      },
    );
    fc.assert(
      fc.property(fc.constantFrom(...VIEWS), params, (view, kept) => {
        const route = { view, params: kept };
        const back = parseRoute(formatRoute(route));
        expect(back.view).toBe(view);
        expect({ ...back.params }).toEqual({ ...kept });
      }),
    );
  });

  it('is the live view when it is not understood', () => {
    for (const hash of ['', '#', '#/', '#/nowhere', '#%%%', '#/?a=b'])
      expect(parseRoute(hash).view).toBe('live');
  });

  it('keeps nothing that is empty', () => {
    expect(formatRoute({ view: 'map', params: { a: '', b: undefined, c: 'x y' } })).toBe(
      '#/map?c=x+y',
    );
  });
});

describe('the token of a link', () => {
  it('is taken out of the address', () => {
    expect(takeToken('#token=ab%2Bc')).toEqual({ token: 'ab+c', hash: '#/live' });
    expect(takeToken('#token=abc&/map?x=1')).toEqual({ token: 'abc', hash: '#/map?x=1' });
  });

  it('is taken as it stands where it is no escape', () => {
    expect(takeToken('#token=%')).toEqual({ token: '%', hash: '#/live' });
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('%', '4', 'e', '&', '/') }), (text) => {
        expect(() => takeToken(`#token=${text}`)).not.toThrow();
      }),
    );
  });

  it('is not there in other addresses', () => {
    for (const hash of ['', '#/live', '#/live?token=x', '#token='])
      expect(takeToken(hash)).toBeUndefined();
  });
});
