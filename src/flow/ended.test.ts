/** ENDED records: what the packets of a connection showed. */
import { expect, it } from 'vitest';
import { rig } from '../../test/flow/records.ts';

it('end the connection that its attempt began, under its id', () => {
  const { feed, told, flow } = rig();
  feed({ kind: 'ATTEMPT', at: 100 });
  feed({
    kind: 'ENDED',
    at: 101,
    packets: { event: 'reset', outcome: 'reset', state: 'RSTR', bytes: [5, 700] },
  });
  expect(told.take()).toEqual([
    expect.objectContaining({ event: 'attempt' }),
    expect.objectContaining({
      event: 'reset',
      outcome: 'reset',
      state: 'RSTR',
      bytes: [5, 700],
    }),
  ]);
  expect(flow.counts()).toMatchObject({ live: 0, unasked: 0 });
});

it('of which no attempt was seen are told at their end alone, and counted', () => {
  const { feed, told, flow } = rig();
  feed({ kind: 'ENDED', at: 101, packets: { state: 'OTH' } });
  feed({ kind: 'ENDED', at: 102, srcPort: 53, packets: { state: 'SF', proto: 17 } });
  expect(told.take()).toEqual([
    expect.objectContaining({ event: 'close', state: 'OTH' }),
    expect.objectContaining({ event: 'close', state: 'SF' }),
  ]);
  expect(flow.counts()).toMatchObject({ live: 0, unasked: 2 });
});
