import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonConnection } from '../../../src/model/json.ts';
import { RowState, SHOWN } from './row-state.ts';
import { RowStore } from './rows.ts';

const TS = '2026-01-01T00:00:00.000000Z';

function event(id: string | undefined, more: Partial<JsonConnection> = {}): JsonConnection {
  return {
    ts: TS,
    event: 'connection.attempt',
    ...(id === undefined ? {} : { id }),
    src_ip: '192.0.2.1',
    src_port: 40_000,
    dst_ip: '192.0.2.2',
    dst_port: 443,
    proto: 'tcp',
    direction: 'outbound',
    ...more,
  };
}

const shown = (store: RowStore, wanted?: (typeof SHOWN)['failed']) => {
  const list = new Float64Array(store.capacity);
  return Array.from(list.subarray(0, store.select(list, wanted)), (seq) => store.row(seq));
};

describe('the rows', () => {
  it('update a connection in place by its id', () => {
    const store = new RowStore(8);
    const seq = store.put(event('a'));
    store.put(event('b'));
    const end = { event: 'connection.close', start_ts: TS, orig_bytes: 5, rtt_us: 70 } as const;
    expect(store.put(event('a', { ...end, tls: { sni: 'x.example' } }))).toBe(seq);
    expect(shown(store).map(({ id }) => id)).toEqual(['b', 'a']);
    expect(store.row(seq)).toMatchObject({
      state: RowState.closed,
      origBytes: 5,
      respBytes: Number.NaN,
      rttUs: 70,
      name: 'x.example',
      startMs: Date.parse(TS),
    });
  });

  it('keep an end that comes before its begin', () => {
    const store = new RowStore(8);
    const seq = store.put(event('a', { event: 'connection.refused', outcome: 'refused' }));
    store.put(event('a'));
    expect(store.stateAt(seq)).toBe(RowState.refused);
  });

  it('lets the oldest go, and forgets its id', () => {
    const store = new RowStore(4);
    for (const id of ['a', 'b', 'c', 'd', 'e']) store.put(event(id, { process: id }));
    expect(shown(store).map(({ process }) => process)).toEqual(['e', 'd', 'c', 'b']);
    expect(store.seqOf('a')).toBeUndefined();
    store.put(event('a'));
    // What the place had before is not left behind
    expect(shown(store)[0]).toMatchObject({ id: 'a', process: '' });
  });

  it('choose by state; a gap stands among failures', () => {
    const store = new RowStore(8);
    store.put(event('a', { event: 'connection.timeout', outcome: 'dropped' }));
    store.put(event('b', { event: 'connection.open' }));
    store.gap('something is missing', 5);
    expect(shown(store, SHOWN.failed).map(({ state }) => state)).toEqual([
      RowState.gap,
      RowState.dropped,
    ]);
  });

  it('stay whole and bounded whatever comes in whatever order', () => {
    const ids = fc.option(fc.integer({ min: 0, max: 40 }).map(String), { nil: undefined });
    fc.assert(
      fc.property(fc.array(ids, { maxLength: 200 }), (list) => {
        const store = new RowStore(16);
        for (const id of list) store.put(event(id));
        const rows = shown(store);
        expect(rows.length).toBe(Math.min(16, store.next));
        const known = rows.filter(({ id }) => id !== '');
        expect(new Set(known.map(({ id }) => id)).size).toBe(known.length);
        expect(known.map(({ id }) => store.seqOf(id))).toEqual(known.map(({ seq }) => seq));
      }),
    );
  });
});
