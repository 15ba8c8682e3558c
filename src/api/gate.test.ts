import { beforeEach, describe, expect, it } from 'vitest';
import { type Asked, Gate } from './gate.ts';
import { clientOf } from './rate.ts';
import type { Token } from './token.ts';

const TOKEN: Pick<Token, 'is'> = { is: (text) => text === 'secret' };

function gate(loopback: boolean, scheme: 'http' | 'https' = 'http') {
  const made = new Gate({ loopback, scheme, token: TOKEN });
  return (asked: Partial<Asked> & { headers?: Record<string, string> }, nowMs = 0) =>
    made.refusal(
      {
        method: 'GET',
        path: '/api/v1/status',
        client: 'loopback',
        ...asked,
        headers: { host: 'localhost:9470', ...asked.headers },
      },
      nowMs,
    )?.why;
}

const RIGHT = { authorization: 'Bearer secret' };
const WRONG = { authorization: 'Bearer secre' };

describe('on loopback', () => {
  let why: ReturnType<typeof gate>;
  beforeEach(() => {
    why = gate(true);
  });

  it.each(['/', '/metrics', '/healthz', '/readyz', '/api/v1/live', '/assets/x.js'])(
    'reading %s takes no token, and is for this host alone',
    (path) => {
      expect(why({ path })).toBeUndefined();
      expect(why({ path, method: 'HEAD' })).toBeUndefined();
      expect(why({ path, headers: { host: 'evil.example:9470' } })).toBe('host');
    },
  );

  it.each(['POST', 'DELETE'])('%s takes the token', (method) => {
    const path = '/api/v1/blocks';
    expect(why({ method, path })).toBe('token');
    expect(why({ method, path, headers: WRONG })).toBe('token');
    expect(why({ method, path, headers: { authorization: 'Basic secret' } })).toBe('token');
    expect(why({ method, path, headers: { authorization: 'secret' } })).toBe('token');
    expect(why({ method, path, headers: RIGHT })).toBeUndefined();
    expect(why({ method, path, headers: { authorization: 'bearer  secret' } })).toBeUndefined();
  });

  it.each(['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT'])('%s is nothing here', (method) => {
    expect(why({ method, path: '/api/v1/blocks', headers: RIGHT })).toBe('method');
    expect(why({ method: 'POST', path: '/metrics', headers: RIGHT })).toBe('method');
  });

  it('a wrong token is refused where none is wanted, too', () => {
    expect(why({ headers: WRONG })).toBeUndefined();
    expect(why({ method: 'POST', headers: WRONG })).toBe('token');
  });
});

describe.each(['http', 'https'] as const)('elsewhere, by %s', (scheme) => {
  const why = gate(false, scheme);

  it.each(['/metrics', '/healthz', '/readyz', '/api/v1/live', '/api/v1/status'])(
    '%s takes the token',
    (path) => {
      expect(why({ path })).toBe('token');
      expect(why({ path, headers: RIGHT })).toBeUndefined();
    },
  );

  it.each(['/', '/index.html', '/assets/main-1a2b.js'])(
    '%s tells nothing, and takes none',
    (path) => {
      expect(why({ path })).toBeUndefined();
    },
  );

  it.each([
    '/%61pi/v1/status',
    '/api%2fv1/status',
    '/assets/../api/v1/status',
    '/assets/..',
    '/assets/%2e%2e/api/v1/status',
    '/./metrics',
    '//api/v1/status',
    '/index.html/../metrics',
    '/metric%73',
    'http://victim/api/v1/status',
    '*',
    '',
    '/api',
    '/assets/a/b.js',
  ])('%s is closed, however it is decoded', (path) => {
    expect(why({ path })).toBe('token');
  });

  it('any name will do', () => {
    expect(why({ headers: { ...RIGHT, host: 'web1.example' } })).toBeUndefined();
  });
});

describe('a browser says of which page a request is', () => {
  it.each([
    [{ origin: 'http://localhost:9470' }, undefined],
    [{ origin: 'HTTP://LocalHost:9470' }, undefined],
    [{ origin: 'https://localhost:9470' }, 'origin'],
    [{ origin: 'http://localhost:9471' }, 'origin'],
    [{ origin: 'http://evil.example' }, 'origin'],
    [{ origin: 'null' }, 'origin'],
    [{ origin: '' }, 'origin'],
    [{ 'sec-fetch-site': 'same-origin' }, undefined],
    [{ 'sec-fetch-site': 'none' }, undefined],
    [{ 'sec-fetch-site': 'same-site' }, 'origin'],
    [{ 'sec-fetch-site': 'cross-site' }, 'origin'],
  ])('%j: %s', (headers, found) => {
    const why = gate(true);
    expect(why({ headers })).toBe(found);
    const change = { ...RIGHT, ...headers } as Record<string, string>;
    expect(why({ method: 'POST', headers: change })).toBe(found);
  });

  it('whoever links to the page leads to it', () => {
    expect(gate(true)({ path: '/', headers: { 'sec-fetch-site': 'cross-site' } })).toBeUndefined();
  });
});

describe('too many requests', () => {
  const asks = (why: ReturnType<typeof gate>, asked: Partial<Asked>, nowMs = 0) => {
    let let_in = 0;
    while (let_in < 10_000 && why(asked as never, nowMs) === undefined) let_in++;
    return let_in;
  };

  it('are refused, and let in again as time goes by', () => {
    const why = gate(true);
    expect(asks(why, {})).toBe(200);
    expect(asks(why, {}, 500)).toBe(25);
    expect(asks(why, {}, 100_000)).toBe(200);
  });

  it('by what they cost', () => {
    expect(asks(gate(true), { path: '/api/v1/connections' })).toBe(40);
  });

  it('hold up neither others nor who has the token', () => {
    const why = gate(false);
    asks(why, { client: '10.0.0.1', path: '/' });
    expect(why({ client: '10.0.0.1', path: '/' })).toBe('rate');
    expect(why({ client: '10.0.0.2', path: '/' })).toBeUndefined();
    expect(why({ client: '10.0.0.1', headers: RIGHT })).toBeUndefined();
  });

  it('with wrong tokens are few', () => {
    const why = gate(false);
    const tried = Array.from({ length: 100 }, () => why({ client: '10.0.0.1', headers: WRONG }));
    expect(tried.filter((found) => found === 'token')).toHaveLength(4);
    expect(tried.filter((found) => found === 'rate')).toHaveLength(96);
    expect(why({ client: '10.0.0.1', headers: WRONG }, 1100)).toBe('token');
  });

  it('from more clients than it knows make it forget the one that was silent longest', () => {
    const why = gate(false);
    asks(why, { client: 'first', path: '/' });
    for (let n = 0; n < 1023; n++) why({ client: `other ${n}`, path: '/' });
    expect(why({ client: 'first', path: '/' })).toBe('rate');
    for (let n = 0; n < 1024; n++) why({ client: `other ${n}`, path: '/' });
    expect(why({ client: 'first', path: '/' })).toBeUndefined();
  });

  it.each([
    ['127.0.0.1', '127.9.9.9', true],
    ['::1', '::ffff:127.0.0.1', true],
    ['10.0.0.1', '::ffff:10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['2001:db8::1', '2001:db8:0:0:ffff::', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
    ['fe80::1%eth0', 'fe80::2%eth1', true],
  ])('%s and %s are one client: %s', (a, b, same) => {
    expect(clientOf(a) === clientOf(b)).toBe(same);
  });
});
