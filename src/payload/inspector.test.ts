import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseAddress } from '../wire/address.ts';
import { Inspector } from './inspector.ts';
import { PassiveNames } from './passive-names.ts';

const sha256hex = (text: string) => createHash('sha256').update(text).digest('hex');
const bytes = (text: string) => Buffer.from(text, 'latin1');

function give(inspector: Inspector, fromOriginator: boolean, offset: number, text: string) {
  const data = bytes(text);
  inspector.segment(7, fromOriginator, offset, data, 0, data.length);
}

it('an HTTP exchange in one segment each way', () => {
  const inspector = new Inspector({ sha256hex });
  give(inspector, true, 0, 'GET /a HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x\r\n\r\n');
  give(inspector, false, 0, 'HTTP/1.1 404 Not Found\r\n\r\n');
  expect(inspector.wants(7, true)).toBe(false);
  expect(inspector.wants(7, false)).toBe(false);
  expect(inspector.take(7)).toEqual({
    service: 'http',
    http: {
      method: 'GET',
      target: '/a',
      version: '1.1',
      host: 'example.org',
      userAgent: 'x',
      status: 404,
    },
  });
  expect(inspector.take(7)).toBeUndefined();
  expect(inspector.wants(7, true)).toBe(true);
  expect(inspector.counts().foundBytes).toBe(0);
});

it('an SSH banner in pieces, in any order', () => {
  const inspector = new Inspector({ sha256hex });
  give(inspector, false, 8, 'OpenSSH_9\r\n');
  give(inspector, false, 2, 'H-2.0-O');
  expect(inspector.counts().keptBytes).toBeGreaterThan(0);
  give(inspector, false, -1, '?SSH');
  expect(inspector.wants(7, false)).toBe(false);
  expect(inspector.take(7)).toEqual({ service: 'ssh', ssh: { server: 'SSH-2.0-OpenSSH_9' } });
  expect(inspector.counts().keptBytes).toBe(0);
});

it('what is none of them is no more asked for', () => {
  const inspector = new Inspector({ sha256hex });
  give(inspector, false, 0, '220 ftp.example.org\r\n');
  expect(inspector.wants(7, false)).toBe(false);
  expect(inspector.wants(7, true)).toBe(true);
  expect(inspector.take(7)).toBeUndefined();
});

it('an answer names an address by what was asked for, once', () => {
  const names = new PassiveNames();
  const inspector = new Inspector({ sha256hex, names });
  const question = '\x03www\x07Example\x03org\x00\x00\x01\x00\x01';
  const query = bytes(`\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00${question}`);
  const answer = bytes(
    `\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00${question}` +
      '\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01b\xc0\x10' +
      '\xc0\x2d\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01',
  );
  const address = parseAddress('192.0.2.1')!;
  inspector.datagram(3, answer, 0, answer.length);
  expect(names.name(address, 0)).toBeUndefined();
  inspector.drop(3);
  inspector.datagram(3, query, 0, query.length);
  inspector.datagram(3, answer, 0, answer.length);
  inspector.datagram(3, answer, 0, answer.length);
  expect(names.name(address, 0)).toBe('www.example.org');
  expect(inspector.counts().unasked).toBe(2);
  expect(inspector.take(3)).toEqual({
    service: 'dns',
    dns: [
      {
        id: 0x1234,
        query: 'www.Example.org',
        type: 'A',
        rcode: 'NOERROR',
        answers: ['b.Example.org', '192.0.2.1'],
      },
    ],
  });
});
