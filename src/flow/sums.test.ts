import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rig, type Spec } from '../../test/flow/records.ts';
import { Flag } from '../wire/layout.gen.ts';
import type { FlowCounts } from './counts.ts';

const LIMIT = 16;

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

function checkSums(counts: FlowCounts): void {
  for (const kind of Object.values(counts.records)) {
    expect(kind.taken).toBe(kind.applied + kind.merged + kind.late);
  }
  const { events, records } = counts;
  expect(events['connection.attempt']).toBe(records.attempt.applied + counts.inferred);
  const ended =
    events['connection.refused'] +
    events['connection.timeout'] +
    events['connection.reset'] +
    events['connection.close'];
  const attempts = Object.values(counts.attempts).map(({ ipv4, ipv6 }) => ipv4 + ipv6);
  expect(sum(attempts)).toBe(events['connection.attempt']);
  expect(sum(Object.values(counts.outcomes))).toBe(ended);
  expect(events['connection.attempt'] + counts.existing + counts.revived + counts.unasked).toBe(
    ended + counts.forwarded + counts.evicted + counts.unclosed + counts.live,
  );
}

describe('counts', () => {
  it('add up after any records in any order, and the table never overflows', () => {
    const spec: fc.Arbitrary<Spec> = fc.record({
      kind: fc.constantFrom('ATTEMPT', 'OPEN', 'REFUSED', 'CLOSE', 'EXISTING'),
      isn: fc.integer({ min: 0, max: 40 }),
      srcPort: fc.constantFrom(22, 5973),
      dst: fc.constantFrom('10.0.0.5', '192.0.2.56'),
      direction: fc.constantFrom('UNKNOWN', 'INBOUND', 'OUTBOUND', 'LOCAL', 'FORWARDED'),
      flags: fc.constantFrom(0, Flag.PASSIVE, Flag.BEFORE, Flag.ICMP),
      at: fc.integer({ min: 100, max: 400 }),
      ifindex: fc.integer({ min: 0, max: 2 }),
    });
    const socket = fc.option(
      fc.record({
        state: fc.integer({ min: 0, max: 12 }),
        error: fc.constantFrom(0, 32, 104, 110, 111, 999),
        pid: fc.constant(1),
      }),
      { nil: undefined },
    );
    const step = fc.tuple(
      spec,
      socket,
      fc.option(fc.integer({ min: 100, max: 500 }), { freq: 8, nil: undefined }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 0, max: 2 }),
        fc.boolean(),
        (steps, answer, otherNamespaces) => {
          const options = { maxConnections: LIMIT, answered: () => answer, otherNamespaces };
          const { feed, told, flow } = rig(options);
          for (const [record, body, tick] of steps) {
            feed(body === undefined ? record : { ...record, socket: body });
            if (tick !== undefined) flow.tick(tick * 1e9);
            if (flow.counts().live > LIMIT) throw new Error('more than the table holds');
          }
          checkSums(flow.counts());
          const attempts = told.all.filter((t) => t.event === 'attempt').length;
          expect(flow.counts().events['connection.attempt']).toBe(attempts);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('count an unknown kind instead of failing', () => {
    const { flow, feed, told } = rig();
    feed({ kind: 'NONE' });
    expect(flow.counts().unknown).toBe(1);
    expect(told.names()).toEqual([]);
  });
});

describe('a full table', () => {
  const socket = { pid: 1, comm: 'a', start: 1 };

  it('lets a flood of unanswered attempts evict only itself', () => {
    const { feed, flow, told } = rig({ maxConnections: LIMIT });
    for (let isn = 0; isn < 4; isn++) feed({ kind: 'OPEN', isn, flags: Flag.PASSIVE, socket });
    for (let isn = 100; isn < 200; isn++) feed({ kind: 'ATTEMPT', isn });
    expect(flow.counts()).toMatchObject({ live: 4 + LIMIT / 2, evicted: 100 - LIMIT / 2 });
    told.take();
    for (let isn = 0; isn < 4; isn++)
      feed({ kind: 'CLOSE', isn, flags: Flag.PASSIVE, socket: { ...socket, state: 9 } });
    expect(told.names()).toEqual(['close', 'close', 'close', 'close']);
    checkSums(flow.counts());
  });

  it('lets the oldest go, and tells its end without telling it anew', () => {
    const { feed, flow, told } = rig({ maxConnections: LIMIT });
    for (let isn = 0; isn <= LIMIT; isn++) feed({ kind: 'OPEN', isn, flags: Flag.PASSIVE, socket });
    expect(flow.counts()).toMatchObject({ live: LIMIT, evicted: 1 });
    told.take();
    feed({ kind: 'CLOSE', isn: 0, flags: Flag.PASSIVE, socket: { ...socket, state: 9 } });
    expect(told.names()).toEqual(['close']);
    checkSums(flow.counts());
  });
});
