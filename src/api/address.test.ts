import { describe, expect, it } from 'vitest';
import { formatListen, isLoopback, isOwnHost, parseListen } from './address.ts';

describe('an address to listen on', () => {
  it.each([
    ['127.0.0.1:9470', '127.0.0.1', 9470, true],
    ['127.8.9.10:0', '127.8.9.10', 0, true],
    ['[::1]:9470', '::1', 9470, true],
    ['[::ffff:127.0.0.1]:1', '127.0.0.1', 1, true],
    ['0.0.0.0:65535', '0.0.0.0', 65_535, false],
    ['[::]:80', '::', 80, false],
    ['[2001:DB8::1]:80', '2001:db8::1', 80, false],
    ['10.0.0.5:80', '10.0.0.5', 80, false],
  ])('%s', (text, host, port, loopback) => {
    const address = parseListen(text);
    expect(address).toEqual({ host, port });
    expect(isLoopback(host)).toBe(loopback);
    expect(parseListen(formatListen(address))).toEqual(address);
  });

  it.each([
    '9470',
    'localhost:9470',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:1e3',
    '127.1:80',
    '::1:9470',
    '[127.0.0.1]:80',
    '[::1]',
    '[::1%lo]:80',
    '',
  ])('is not %s', (text) => {
    expect(() => parseListen(text)).toThrow('is no address and port');
  });

  it('is never guessed', () => {
    expect(() => parseListen(':9470')).toThrow('names no address');
  });
});

describe('a Host header', () => {
  it.each(['localhost', 'LocalHost:9470', '127.0.0.1', '127.1.2.3:80', '[::1]', '[::1]:9470'])(
    '%s is of this host',
    (header) => {
      expect(isOwnHost(header)).toBe(true);
    },
  );

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:9470',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.5:9470',
    '0.0.0.0',
    '::1',
    '[::2]',
    'localhost:9470:1',
    'localhost@evil.example',
  ])('%s is not', (header) => {
    expect(isOwnHost(header)).toBe(false);
  });
});
