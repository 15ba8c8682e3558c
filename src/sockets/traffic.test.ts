import { describe, expect, test } from 'vitest';
import { rowOf } from '../../test/support/diag.ts';
import type { SocketOrder } from '../model/sockets.ts';
import { TcpState } from '../model/tcp-state.ts';
import { Kept } from './kept.ts';
import { firstBy } from './order.ts';
import { TcpInfo } from './row.ts';
import { Traffic } from './traffic.ts';

function look(
  ...of: (readonly [cookie: number, received: number, sent: number, again?: number])[]
): Kept {
  const kept = new Kept();
  for (const [cookie, received, sent, again = 0] of of) {
    const info = {
      [TcpInfo.bytes_received]: received,
      [TcpInfo.bytes_sent]: sent,
      [TcpInfo.total_retrans]: again,
    };
    const { ESTABLISHED } = TcpState;
    kept.add(rowOf({ state: ESTABLISHED, local: '10.0.0.5', localPort: 80, cookie, info }), true);
  }
  return kept;
}

describe('traffic', () => {
  test('is what went through since the look before, each second', () => {
    const traffic = new Traffic();
    expect(traffic.since(look([1, 1000, 500], [2, 7, 7]), 10)).toBeUndefined();
    // 2 has gone, 3 has come
    const rates = traffic.since(look([3, 0, 100], [1, 3000, 500, 4]), 12)!;
    expect(rates.seconds).toBe(2);
    expect(rates.total()).toEqual({
      in_bytes_per_s: 1000,
      out_bytes_per_s: 50,
      retransmits_per_s: 2,
    });
    expect([0, 1].map((at) => rates.of(at))).toEqual([
      { in_bytes_per_s: 0, out_bytes_per_s: 50, retransmits_per_s: 0 },
      { in_bytes_per_s: 1000, out_bytes_per_s: 0, retransmits_per_s: 2 },
    ]);
    const later = traffic.since(look([1, 3000, 501, 4]), 12.3)!;
    expect(later.of(0)).toMatchObject({ in_bytes_per_s: 0, out_bytes_per_s: 3.3 });
  });

  test('has no rate within no time', () => {
    const traffic = new Traffic();
    traffic.since(look([1, 1, 1]), 5);
    expect(traffic.since(look([1, 9, 9]), 5)).toBeUndefined();
  });

  test('sorts', () => {
    const traffic = new Traffic();
    traffic.since(look([1, 0, 0, 9], [2, 0, 0], [3, 0, 0]), 1);
    const now = look([1, 900, 0, 9], [2, 5, 10, 1], [3, 0, 90_000]);
    const rates = traffic.since(now, 2);
    const cookies = (order: SocketOrder, limit = 3) =>
      firstBy(order, now, limit, rates).map((at) => now.row(at).cookie);
    expect(cookies('rate')).toEqual([3, 1, 2]);
    expect(cookies('retransmits')).toEqual([2, 1, 3]); // those of now, then those of ever
    expect(cookies('bytes', 2)).toEqual([3, 1]);
    expect(cookies('queues')).toEqual([1, 2, 3]);
  });

  test('keeps as many as there are', () => {
    const many = look(...Array.from({ length: 3000 }, (_, i) => [i, i, 0] as const));
    expect(many.count).toBe(3000);
    expect([0, 1500, 2999].map((at) => many.row(at).tcp64(TcpInfo.bytes_received))).toEqual([
      0, 1500, 2999,
    ]);
  });
});
