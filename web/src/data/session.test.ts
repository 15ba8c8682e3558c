import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JsonConnection } from '../../../src/model/json.ts';
import { Session } from './session.ts';

beforeEach(() => {
  vi.stubGlobal('document', { hidden: true });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const attempt: JsonConnection = {
  ts: '2026-01-01T00:00:00.000000Z',
  event: 'connection.attempt',
  id: '0123456789abcdef',
  src_ip: '192.0.2.1',
  dst_ip: '192.0.2.2',
  dst_port: 443,
  proto: 'tcp',
  direction: 'inbound',
};

it('estimates how many passed from those that were sent, and says so', () => {
  const session = new Session();
  session.hold('paused');
  session.events({ events: [attempt, attempt], sampled: 1, skipped: 0 });
  expect(session.passedText).toBe('2');
  session.events({ events: [attempt, attempt, attempt], sampled: 4, skipped: 9 });
  expect(session.passedText).toBe('about 14');
});

it('counts what is summed as it is: it is sent whole at any sampling', () => {
  const session = new Session();
  session.hold('paused');
  const { id: _id, ...summed } = { ...attempt, count: 100 };
  session.events({ events: [summed], sampled: 1024, skipped: 0 });
  expect(session.passedText).toBe('100');
});
