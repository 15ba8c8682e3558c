import { describe, expect, it } from 'vitest';
import { rig, type Spec } from '../../test/flow/records.ts';
import { Flag } from '../wire/layout.gen.ts';

const scan = (ports: number[], rest: Partial<Spec> = {}): Spec => ({
  kind: 'SCAN',
  at: 100,
  verdict: { ports },
  ...rest,
});
const knock = (dstPort: number, rest: Partial<Spec> = {}): Spec => ({
  kind: 'ATTEMPT',
  at: 101,
  dstPort,
  isn: dstPort,
  ...rest,
});

describe('a scan', () => {
  it('is told at the verdict, its ports ascending and once each', () => {
    const { feed, told } = rig();
    feed(scan([443, 80, 22, 80, 21]));
    expect(told.take()).toEqual([{ event: 'scan', at: 100, ports: [21, 22, 80, 443] }]);
  });

  it('is told again when its list has doubled, up to 64 ports', () => {
    const { feed, told, flow } = rig();
    feed(scan([1, 2, 3, 4]));
    for (let port = 5; port <= 200; port++) feed(knock(port), knock(port));
    const scans = told.take().filter((t) => t.event === 'scan');
    expect(scans.map((t) => t.ports!.length)).toEqual([4, 8, 16, 32, 64]);
    expect(scans[4]!.ports).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
    expect(flow.counts().events.scan).toBe(5);
  });

  it('grows only by its own pair', () => {
    const { feed, told } = rig();
    feed(scan([1, 2, 3, 4]));
    for (let port = 5; port < 9; port++)
      feed(knock(port, { src: '192.0.2.57' }), knock(port, { dst: '10.0.0.6' }));
    expect(told.take().filter((t) => t.event === 'scan')).toHaveLength(1);
  });

  it('takes an IPv6 source by its /64', () => {
    const { feed, told } = rig();
    const dst = '2001:db8:1::1';
    feed(scan([1, 2, 3, 4], { src: '2001:db8::1', dst }));
    for (let port = 5; port < 9; port++) feed(knock(port, { src: `2001:db8::${port}`, dst }));
    feed(knock(99, { src: '2001:db8:0:1::1', dst }));
    expect(
      told
        .take()
        .filter((t) => t.event === 'scan')
        .map((t) => t.ports!.length),
    ).toEqual([4, 8]);
  });

  it('is over after a silent window; the next verdict starts a new list', () => {
    const { feed, told } = rig();
    feed(scan([1, 2, 3, 4]), knock(5, { at: 161.1 }), scan([6, 7, 8, 9], { at: 162 }));
    expect(
      told
        .take()
        .filter((t) => t.event === 'scan')
        .map((t) => t.ports),
    ).toEqual([
      [1, 2, 3, 4],
      [6, 7, 8, 9],
    ]);
  });

  it('that blocks its source tells the block too, once per verdict', () => {
    const { feed, told } = rig();
    feed(scan([1, 2, 3, 4], { flags: Flag.BLOCKED }));
    expect(told.names()).toEqual(['scan', 'block']);
    feed(scan([1, 2, 3, 5], { flags: Flag.BLOCKED }));
    expect(told.names()).toEqual(['block']);
  });

  it('is one of at most 1,024; the oldest goes', () => {
    const { feed, told, flow } = rig();
    for (let i = 0; i < 1030; i++) feed(scan([1, 2, 3, 4], { src: `10.1.${i >> 8}.${i & 255}` }));
    expect(flow.counts().scans).toBe(1024);
    told.take();
    for (let port = 5; port < 9; port++)
      feed(knock(port, { src: '10.1.0.0' }), knock(port, { src: '10.1.4.5' }));
    expect(told.take().filter((t) => t.event === 'scan')).toMatchObject([
      { ports: [1, 2, 3, 4, 5, 6, 7, 8] },
    ]);
  });
});

describe('what passes through', () => {
  it('is summed attempts, blocks and unblocks', () => {
    const { feed, told, flow } = rig();
    feed(
      { kind: 'SUM', count: 5000, refused: 10 },
      { kind: 'BLOCK', verdict: { until: 160 } },
      { kind: 'UNBLOCK', verdict: {} },
    );
    expect(told.take()).toMatchObject([
      { event: 'summed', count: 5000 },
      { event: 'block' },
      { event: 'unblock' },
    ]);
    expect(flow.counts()).toMatchObject({
      summed: 5000,
      events: { block: 1, unblock: 1, 'connection.attempt': 0 },
    });
  });
});
