import { describe, expect, it } from 'vitest';
import { ApiError } from './http.ts';
import { failed, type Said, shownOf } from './poll.ts';

const error = new ApiError(404, 'no connection with that id is known');
const said: Said<string> = { path: '/connections/a', of: '/connections/a?{}', data: 'a' };

describe('what was said last', () => {
  it('is not shown for another path, nor brought back by the failure of that', () => {
    expect(shownOf(said, '/connections/b', '/connections/b?{}').data).toBeUndefined();
    const after = failed(said, '/connections/b', '/connections/b?{}', error);
    expect(shownOf(after, '/connections/b', '/connections/b?{}')).toMatchObject({ error });
    expect(after.data).toBeUndefined();
  });

  it('stays while other parameters are asked for, and goes when they are refused', () => {
    const of = '/connections/a?{"limit":"1"}';
    const old = { ...said, error };
    expect(shownOf(old, '/connections/a', of)).toEqual({ path: '/connections/a', of, data: 'a' });
    expect(failed(said, '/connections/a', of, error).data).toBeUndefined();
  });

  it('stays when asking the same again fails', () => {
    expect(failed(said, said.path, said.of, error)).toEqual({ ...said, error });
  });
});
