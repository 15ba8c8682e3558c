import { describe, expect, it } from 'vitest';
import { parseAddress } from '../wire/address.ts';
import { FAILURE_KEY, FailureTable } from './failure-table.ts';

const SECOND = 1e9;
const HOUR = 3600 * SECOND;
const PORTS = 12;

interface Rig {
  readonly all: FailureTable;
  /** true: it is to be told. */
  readonly fail: (src: string, port: number, ns: number) => boolean;
  readonly open: (src: string, ns: number) => void;
}

function table(sources = 64): Rig {
  const all = new FailureTable(sources, 1, 24 * HOUR);
  const keyOf = (src: string): Uint32Array => {
    const key = new Uint32Array(FAILURE_KEY);
    key.set(new Uint32Array(parseAddress(src)!.slice().buffer));
    return key;
  };
  return {
    all,
    fail: (src, port, ns) => {
      const way = all.failed(keyOf(src), port, ns);
      return way >= 0 && all.isDue(way, PORTS);
    },
    open: (src, ns) => {
      all.succeeded(keyOf(src), ns);
    },
  };
}

describe('failures of a day', () => {
  it('twelve distinct ports are due, again when they have doubled', () => {
    const { fail } = table();
    const due = Array.from({ length: 30 }, (_, i) =>
      fail('192.0.2.1', i + 1, ((i + 1) * HOUR) / 2),
    );
    expect(due.flatMap((yes, i) => (yes ? [i + 1] : []))).toEqual([12, 24]);
  });

  it('one port again and again is one, and what is older than a day counts no more', () => {
    const { fail } = table();
    for (let i = 0; i < 100; i++) expect(fail('192.0.2.1', 80, (i + 1) * SECOND)).toBe(false);
    for (let i = 0; i < 30; i++)
      for (const port of [1, 2]) expect(fail('192.0.2.2', port, (i + 1) * 25 * HOUR)).toBe(false);
  });

  it('who completes as many handshakes is none', () => {
    const { fail, open } = table();
    for (let port = 1; port <= 40; port++) {
      expect(fail('192.0.2.1', port, port * SECOND)).toBe(false);
      for (let i = 0; i < 2; i++) open('192.0.2.1', port * SECOND);
    }
  });

  it('a flood of sources with one failure each does not displace one with several', () => {
    const { all, fail } = table();
    for (let port = 1; port <= 6; port++) fail('192.0.2.1', port, port * SECOND);
    for (let i = 0; i < 10_000; i++) fail(`10.${i >> 8}.${i & 255}.9`, 80, 10 * SECOND + i);
    expect(all.evicted).toBeGreaterThan(9000);
    const due = Array.from({ length: 6 }, (_, i) => fail('192.0.2.1', 7 + i, 20 * SECOND));
    expect(due).toEqual([false, false, false, false, false, true]);
  });
});
