import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
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

describe('bounds', () => {
  const half = bytes('GET / HTTP/1.1\r\nHost: first.example\r\nX: ');
  const whole = bytes('GET / HTTP/1.1\r\n\r\n');

  it('what waits longest gives way, and tells what it has', () => {
    const inspector = new Inspector({ sha256hex, keptMax: 10 * 768 });
    for (let slot = 0; slot < 100; slot++) {
      inspector.segment(slot, true, 0, half, 0, half.length);
      expect(inspector.counts().keptBytes).toBeLessThanOrEqual(10 * 768);
    }
    expect(inspector.counts().refused).toBe(90);
    expect(inspector.wants(89, true)).toBe(false);
    expect(inspector.wants(90, true)).toBe(true);
    expect(inspector.take(0)?.http?.host).toBe('first.example');
    expect(inspector.take(99)?.http?.host).toBe('first.example');
  });

  it('what isn’t taken is told of so many connections only', () => {
    const inspector = new Inspector({ sha256hex, foundMax: 10_000 });
    for (let slot = 0; slot < 1000; slot++)
      inspector.segment(slot, true, 0, whole, 0, whole.length);
    const { foundBytes, untold } = inspector.counts();
    expect(foundBytes).toBeLessThanOrEqual(10_000);
    let told = 0;
    for (let slot = 0; slot < 1000; slot++) if (inspector.take(slot) !== undefined) told++;
    expect(told + untold).toBe(1000);
    expect(told).toBeGreaterThan(10);
    inspector.segment(5, true, 0, whole, 0, whole.length);
    expect(inspector.take(5)?.service).toBe('http');
    expect(inspector.counts().foundBytes).toBe(0);
  });

  it('a hole that isn’t filled within a window ends the wait', () => {
    const inspector = new Inspector({ sha256hex });
    inspector.segment(0, true, 0, half, 0, 20);
    inspector.segment(0, true, 30_000, half, 0, half.length);
    expect(inspector.wants(0, true)).toBe(true);
    inspector.segment(0, true, 70_000, half, 0, half.length);
    expect(inspector.wants(0, true)).toBe(false);
    expect(inspector.counts().keptBytes).toBe(0);
    expect(inspector.take(0)?.http).toMatchObject({ method: 'GET' });
  });

  it('a message longer than what is looked at is told as far as it is', () => {
    const inspector = new Inspector({ sha256hex });
    const long = bytes(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    inspector.segment(0, true, 0, long, 0, long.length);
    expect(inspector.wants(0, true)).toBe(false);
    inspector.segment(1, true, 0, long, 0, 10_000);
    expect(inspector.wants(1, true)).toBe(true);
    inspector.segment(1, true, 10_000, long, 10_000, long.length);
    expect(inspector.wants(1, true)).toBe(false);
    expect(inspector.take(1)).toEqual(inspector.take(0));
  });

  it('what is dropped is forgotten', () => {
    const inspector = new Inspector({ sha256hex });
    inspector.segment(0, true, 0, half, 0, half.length);
    inspector.segment(0, false, 5, half, 0, half.length);
    inspector.drop(0);
    expect(inspector.counts()).toMatchObject({ keptBytes: 0, foundBytes: 0 });
    expect(inspector.take(0)).toBeUndefined();
    inspector.drop(1_000_000);
    expect(inspector.take(1_000_000)).toBeUndefined();
  });
});
