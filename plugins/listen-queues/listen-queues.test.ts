import { describe, expect, it } from 'vitest';
import type { Listener } from './listener.ts';
import { Pressure } from './pressure.ts';

const S = 1e9;
const listener = (changes: Partial<Listener> = {}): Listener => ({
  cookie: 1n,
  ip: '0.0.0.0',
  port: 80,
  uid: 0,
  accept: 0,
  syn: 0,
  limit: 99,
  drops: 0,
  pid: 7,
  process: 'nginx',
  ...changes,
});

describe('pressure', () => {
  /** Looks at one listener, a second apart. */
  const looks = (...all: Partial<Listener>[]) => {
    const pressure = new Pressure(10);
    return all.map((changes, i) => pressure.look([listener(changes)], i * S)[0]);
  };

  it('begins when a queue is three quarters full, and ends after five calm looks', () => {
    const changes = looks(
      { accept: 74 },
      { accept: 75 },
      { accept: 90 },
      ...Array.from({ length: 5 }, () => ({ accept: 49 })),
    );
    expect(changes.map((change) => change?.state)).toEqual([
      undefined,
      'start',
      ...Array.from({ length: 5 }, () => undefined),
      'end',
    ]);
    expect(changes.at(-1)).toMatchObject({
      most: 90,
      durationNs: 6 * S,
      dropped: 0,
      closed: false,
    });
  });

  it('begins with the SYN queue, too, and with each drop', () => {
    expect(looks({}, { syn: 75 })[1]).toMatchObject({ state: 'start' });
    expect(looks({ drops: 5 }, { drops: 6 })[1]).toMatchObject({ state: 'start', dropped: 1 });
  });

  it('of a short queue begins when it is full', () => {
    const short = { limit: 3 };
    const [, three, four] = looks(short, { ...short, accept: 3 }, { ...short, accept: 4 });
    expect([three?.state, four?.state]).toEqual([undefined, 'start']);
    expect(looks({ limit: 0 }, { limit: 0, accept: 1 })[1]?.state).toBe('start');
  });

  it('ends with its listener', () => {
    const pressure = new Pressure(10);
    pressure.look([listener({ accept: 100 })], S);
    expect(pressure.look([], 2 * S)).toMatchObject([{ state: 'end', closed: true, most: 100 }]);
    expect(pressure.listeners).toEqual([]);
  });

  it('counts what was dropped since the start, over a wrap', () => {
    const pressure = new Pressure(10);
    pressure.look([listener({ drops: 0xffffffff })], 0);
    pressure.look([listener({ drops: 2 }), listener({ cookie: 2n, drops: 4 })], S);
    expect(pressure.dropped).toBe(3 + 4);
  });

  it('is followed of so many listeners, and of the rest it is counted', () => {
    const pressure = new Pressure(2);
    pressure.look(
      [1n, 2n, 3n].map((cookie) => listener({ cookie })),
      0,
    );
    expect([pressure.listeners.length, pressure.unfollowed]).toEqual([2, 1]);
    pressure.look(
      [2n, 3n].map((cookie) => listener({ cookie })),
      S,
    );
    pressure.look(
      [2n, 3n].map((cookie) => listener({ cookie })),
      S,
    );
    expect([pressure.listeners.length, pressure.unfollowed]).toEqual([2, 0]);
  });
});
