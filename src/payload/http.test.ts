import { describe, expect, it } from 'vitest';
import { httpExchange } from '../../test/payload/http-exchange.ts';
import { inspect } from '../../test/payload/inspect.ts';

const none = Buffer.alloc(0);
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const ofRequest = (text: string) => inspect(latin1(text), none)?.http;
const ofResponse = (text: string) => inspect(none, latin1(text))?.http;

it('a real exchange', async () => {
  const { client, server } = await httpExchange(
    { method: 'POST', path: '/a?b=c', headers: { host: 'example.org', 'user-agent': 'Node' } },
    418,
  );
  expect(inspect(client, server)).toEqual({
    service: 'http',
    http: {
      method: 'POST',
      target: '/a?b=c',
      version: '1.1',
      host: 'example.org',
      userAgent: 'Node',
      status: 418,
    },
  });
});

describe('requests', () => {
  it.each<[string, string, object | undefined]>([
    [
      'HTTP/1.0 without fields',
      'GET / HTTP/1.0\r\n\r\n',
      { method: 'GET', target: '/', version: '1.0' },
    ],
    ['HTTP/0.9', 'GET /old\r\n', { method: 'GET', target: '/old', version: '0.9' }],
    [
      'a bare LF at the ends of lines',
      'GET / HTTP/1.1\nHost: a\n\n',
      { method: 'GET', target: '/', version: '1.1', host: 'a' },
    ],
    [
      'an empty line before it',
      '\r\nPUT /x HTTP/1.1\r\n\r\n',
      { method: 'PUT', target: '/x', version: '1.1' },
    ],
    [
      'absolute form: its host, not that of the field',
      'GET http://user@example.org:8080/a HTTP/1.1\r\nHost: other\r\n\r\n',
      {
        method: 'GET',
        target: 'http://user@example.org:8080/a',
        version: '1.1',
        host: 'example.org:8080',
      },
    ],
    [
      'authority form',
      'CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: proxy\r\n\r\n',
      {
        method: 'CONNECT',
        target: '[2001:db8::1]:443',
        version: '1.1',
        host: '[2001:db8::1]:443',
      },
    ],
    [
      'asterisk form',
      'OPTIONS * HTTP/1.1\r\nhost:a\r\n\r\n',
      { method: 'OPTIONS', target: '*', version: '1.1', host: 'a' },
    ],
    [
      'several fields of one name are a list, but not of Host',
      'GET / HTTP/1.1\r\nX-FORWARDED-FOR: 192.0.2.1\r\nHost: a\r\nHost: b\r\n' +
        'X-Forwarded-For:  2001:db8::2, 10.0.0.1\t\r\nForwarded: for=_x\r\nforwarded: for=y\r\n\r\n',
      {
        method: 'GET',
        target: '/',
        version: '1.1',
        host: 'a',
        forwardedFor: '192.0.2.1, 2001:db8::2, 10.0.0.1',
        forwarded: 'for=_x, for=y',
      },
    ],
    [
      'names that only begin or end alike',
      'GET / HTTP/1.1\r\nHostage: a\r\nHos: b\r\nHost : c\r\n\r\n',
      { method: 'GET', target: '/', version: '1.1' },
    ],
    [
      'fields that are cut',
      'GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: cu',
      { method: 'GET', target: '/', version: '1.1', host: 'a' },
    ],
    ['a line that is cut', 'GET /a/very/lo', { method: 'GET', target: '/a/very/lo' }],
    [
      'a target that nobody should print as it is',
      'GET /\x1b[2J\t"\\\xff HTTP/1.1\r\nUser-Agent: \x07\xc3\xa9\x00\r\n\r\n',
      {
        method: 'GET',
        target: '/\x1b[2J\t"\\\xff',
        version: '1.1',
        userAgent: '\x07\xc3\xa9\x00',
      },
    ],
    [
      'HTTP/2 without TLS',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      { method: 'PRI', target: '*', version: '2.0' },
    ],
    ['RTSP', 'OPTIONS rtsp://a RTSP/1.0\r\n\r\n', undefined],
    ['SIP', 'INVITE sip:a@b SIP/2.0\r\n\r\n', undefined],
    ['SMTP', 'EHLO example.org\r\n', undefined],
    ['a method in lower case', 'get / HTTP/1.1\r\n\r\n', undefined],
    ['no version and not GET', 'GETS /old\r\n', undefined],
    ['no target', 'GET  HTTP/1.1\r\n\r\n', undefined],
    ['a word that is too long for a method', `${'A'.repeat(25)} / HTTP/1.1\r\n\r\n`, undefined],
    ['a word that is cut', 'GET', undefined],
  ])('%s', (_name, text, told) => {
    expect(ofRequest(text)).toEqual(told);
  });

  it('is cut where it is too long', () => {
    const http = ofRequest(
      `GET /${'a'.repeat(5000)} HTTP/1.1\r\nHost: ${'b'.repeat(500)}\r\n` +
        `${`X-Forwarded-For: ${'c'.repeat(200)}\r\n`.repeat(3)}\r\n`,
    );
    expect(http?.target).toHaveLength(1024);
    expect(http?.host).toHaveLength(255);
    expect(http?.forwardedFor).toHaveLength(255);
    expect(http?.version).toBe('1.1');
  });

  it('whose line is longer than what is looked at', () => {
    expect(ofRequest(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`)).toEqual({
      method: 'GET',
      target: `/${'a'.repeat(1023)}`,
    });
  });
});

describe('responses', () => {
  it.each<[string, string, number | undefined]>([
    ['a status', 'HTTP/1.1 503 Service Unavailable\r\n\r\n', 503],
    ['lower case', 'http/1.1 200 ok\r\n\r\n', 200],
    ['no reason', 'HTTP/1.0 204\r\n\r\n', 204],
    [
      'interim ones before it',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nLink: a\r\n\r\nHTTP/1.1 201 \r\n\r\n',
      201,
    ],
    ['an interim one and nothing else', 'HTTP/1.1 100 Continue\r\n\r\n', 100],
    ['an interim one that is cut', 'HTTP/1.1 100 Conti', 100],
    ['switching protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x81\x00', 101],
    ['a code that is cut', 'HTTP/1.1 50', undefined],
    ['no number', 'HTTP/1.1 OK\r\n\r\n  ', undefined],
    ['Shoutcast', 'ICY 200 OK\r\n\r\n', undefined],
  ])('%s', (_name, text, status) => {
    expect(ofResponse(text)).toEqual(status && { status });
  });
});
