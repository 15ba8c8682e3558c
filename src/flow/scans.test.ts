import { describe, expect, it } from 'vitest';
import { type Rig, rig, type Spec } from '../../test/flow/records.ts';
import { Flag } from '../wire/layout.gen.ts';
import type { Scan } from './listener.ts';

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
const source = (i: number): string => `10.1.${i >> 8}.${i & 255}`;

/** The scans told since the last call. */
const scansOf = (told: Rig['told']): Scan[] => told.take().flatMap((t) => t.scan ?? []);

describe('a scan', () => {
  it('is told at the verdict, its ports ascending and once each', () => {
    const { feed, told } = rig();
    feed(scan([443, 80, 22, 80, 21]));
    expect(told.take()).toMatchObject([
      { event: 'scan', at: 100, ports: [21, 22, 80, 443], scan: { state: 'start' } },
    ]);
  });

  it('is told again when its list has doubled, up to 64 ports', () => {
    const { feed, told, flow } = rig();
    feed(scan([1, 2, 3, 4]));
    for (let port = 5; port <= 200; port++) feed(knock(port), knock(port));
    const scans = scansOf(told);
    expect(scans.map((s) => s.ports.length)).toEqual([4, 8, 16, 32, 64]);
    expect(scans.map((s) => s.state)).toEqual(['start', 'update', 'update', 'update', 'update']);
    expect([...scans[4]!.ports]).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
    expect(flow.counts().events.scan).toBe(5);
  });

  it('is told again when its hosts have doubled', () => {
    const { feed, told } = rig();
    for (const hosts of [4, 5, 7, 8, 15, 16])
      feed(scan([80], { verdict: { ports: [80], scan: 'HORIZONTAL', hosts } }));
    expect(scansOf(told).map((s) => s.hosts)).toEqual([4, 8, 16]);
  });

  it('keeps quiet about verdicts that add little, and counts them', () => {
    const { feed, told, flow } = rig();
    for (let i = 0; i < 10; i++) feed(scan([1, 2, 3, 4, 5 + (i & 1)]));
    expect(scansOf(told)).toHaveLength(1);
    expect(flow.counts()).toMatchObject({ suppressed: 9, scans: 1 });
    feed(scan([1, 2, 3, 4], { flags: Flag.BLOCKED }));
    expect(scansOf(told)).toMatchObject([{ state: 'update', blocked: true }]);
    expect(flow.counts().suppressed).toBe(9);
  });

  it('grows only by its own pair', () => {
    const { feed, told } = rig();
    feed(scan([1, 2, 3, 4]));
    for (let port = 5; port < 9; port++)
      feed(knock(port, { src: '192.0.2.57' }), knock(port, { dst: '10.0.0.6' }));
    expect(scansOf(told)).toHaveLength(1);
  });

  it('is another one for each kind, and one for all hosts when it is horizontal', () => {
    const { feed, told } = rig();
    for (const kind of ['VERTICAL', 'FIN', 'UDP', 'HORIZONTAL', 'SLOW'] as const)
      for (const dst of ['10.0.0.5', '10.0.0.6'])
        feed(scan([1, 2, 3, 4], { dst, verdict: { ports: [1, 2, 3, 4], scan: kind } }));
    expect(scansOf(told).map((s) => s.kind)).toEqual([0, 0, 2, 2, 3, 3, 1, 4, 4]);
  });

  it('takes an IPv6 source by its /64', () => {
    const { feed, told } = rig();
    const dst = '2001:db8:1::1';
    feed(scan([1, 2, 3, 4], { src: '2001:db8::1', dst }));
    for (let port = 5; port < 9; port++) feed(knock(port, { src: `2001:db8::${port}`, dst }));
    feed(knock(99, { src: '2001:db8:0:1::1', dst }));
    expect(scansOf(told).map((s) => s.ports.length)).toEqual([4, 8]);
  });

  it('that blocks its source tells the block too, once per verdict', () => {
    const { feed, told } = rig();
    feed(scan([1, 2, 3, 4], { flags: Flag.BLOCKED }));
    expect(told.names()).toEqual(['scan', 'block']);
    feed(scan([1, 2, 3, 5], { flags: Flag.BLOCKED }));
    expect(told.names()).toEqual(['block']);
  });
});

describe('the end of a scan', () => {
  it('is told after a silent window, with the totals', () => {
    const { feed, told, flow } = rig();
    feed(scan([1, 2, 3, 4], { verdict: { ports: [1, 2, 3, 4], syns: 6, first: 90 } }));
    for (let port = 4; port <= 1000; port++) feed(knock(port, { at: 110 }));
    told.take();
    flow.tick(170e9);
    expect(scansOf(told)).toEqual([]);
    flow.tick(170.1e9);
    expect(scansOf(told)).toMatchObject([
      {
        tsNs: 170.1e9,
        state: 'end',
        endReason: 'idle timeout',
        portCount: 1000,
        syns: 6 + 997,
        firstNs: 90e9,
        lastNs: 110e9,
        blocks: 0,
      },
    ]);
    expect(flow.counts()).toMatchObject({ scans: 0, scans_evicted: 0 });
    flow.tick(1000e9);
    expect(scansOf(told)).toEqual([]);
  });

  it('comes before the next scan of the same pair, which starts a new list', () => {
    const { feed, told } = rig();
    feed(scan([1, 2, 3, 4]), knock(5, { at: 161.1 }), scan([6, 7, 8, 9], { at: 162 }));
    expect(scansOf(told).map((s) => [s.state, s.tsNs / 1e9, [...s.ports]])).toEqual([
      ['start', 100, [1, 2, 3, 4]],
      ['end', 161.1, [1, 2, 3, 4]],
      ['start', 162, [6, 7, 8, 9]],
    ]);
  });

  it('is put off by whatever the scan does', () => {
    const { feed, told, flow } = rig();
    feed(scan([1, 2, 3, 4]));
    for (let at = 150; at <= 450; at += 50) {
      feed(knock(at, { at }));
      flow.tick(at * 1e9);
    }
    expect(scansOf(told).map((s) => s.state)).toEqual(['start', 'update']);
  });

  it('of a slow scan waits for an hour', () => {
    const { feed, told, flow } = rig();
    feed(scan([1, 2, 3, 4], { verdict: { ports: [1, 2, 3, 4], scan: 'SLOW' } }));
    flow.tick(3700e9);
    expect(scansOf(told).map((s) => s.state)).toEqual(['start']);
    flow.tick(3700.1e9);
    expect(scansOf(told).map((s) => s.state)).toEqual(['end']);
  });

  it('of a slow scan is put off by ports that are new, not by a client that comes back', () => {
    const { feed, told, flow } = rig();
    const vertical = scan([1, 2, 3, 4]);
    feed(scan([1, 2, 3, 4], { verdict: { ports: [1, 2, 3, 4], scan: 'SLOW' } }), vertical);
    feed(knock(5, { at: 3000 }), knock(4, { at: 6000 }), knock(5, { at: 6500 }));
    flow.tick(6600.1e9);
    expect(scansOf(told).map((s) => [s.kind, s.state, s.portCount, s.lastNs / 1e9])).toEqual([
      [4, 'start', 4, 100],
      [0, 'start', 4, 100],
      [0, 'end', 4, 100],
      [4, 'end', 5, 3000],
    ]);
    feed(knock(6, { at: 6700 }));
    flow.stop(6800e9);
    expect(scansOf(told)).toEqual([]);
  });

  it('counts packets from verdict to verdict, also when the kernel began anew, and blocks', () => {
    const { feed, told, flow } = rig();
    const stealth = (syns: number, flags = 0): Spec =>
      scan([1, 2, 3, 4], { flags, verdict: { ports: [1, 2, 3, 4], scan: 'FIN', syns } });
    feed(stealth(4), stealth(10, Flag.BLOCKED), stealth(3, Flag.BLOCKED), stealth(5));
    flow.tick(161e9);
    expect(scansOf(told).at(-1)).toMatchObject({ state: 'end', syns: 15, blocks: 2 });
  });

  it('is forced when the program stops', () => {
    const { feed, told, flow } = rig();
    feed(scan([1, 2, 3, 4]), scan([1, 2, 3, 4], { dst: '10.0.0.6' }));
    told.take();
    flow.stop(101e9);
    expect(scansOf(told).map((s) => [s.state, s.endReason])).toEqual([
      ['end', 'forced end'],
      ['end', 'forced end'],
    ]);
  });
});

describe('more scans than are followed', () => {
  it('end the oldest early, which is told and counted', () => {
    const { feed, told, flow } = rig();
    for (let i = 0; i < 1030; i++) feed(scan([1, 2, 3, 4], { src: source(i) }));
    expect(flow.counts()).toMatchObject({ scans: 1024, scans_evicted: 6 });
    const scans = scansOf(told);
    expect(scans.filter((s) => s.state === 'start')).toHaveLength(1030);
    const ends = scans.filter((s) => s.state === 'end');
    expect(ends.map((s) => s.endReason)).toEqual(Array(6).fill('lack of resources'));
    for (let port = 5; port < 9; port++)
      feed(knock(port, { src: source(0) }), knock(port, { src: source(1029) }));
    expect(scansOf(told).map((s) => s.portCount)).toEqual([8]);
  });

  it('leave one that goes on alone', () => {
    const { feed, told, flow } = rig();
    const fin: Partial<Spec> = {
      src: '192.0.2.2',
      verdict: { ports: [1, 2, 3, 4], scan: 'FIN' },
    };
    feed(scan([1, 2, 3, 4], { src: '192.0.2.1' }));
    for (let i = 0; i < 5000; i++) {
      feed(scan([1, 2, 3, 4], { src: source(i) }));
      if (i % 500 === 0) feed(knock(5 + i, { src: '192.0.2.1' }), scan([], fin));
    }
    expect(flow.counts()).toMatchObject({ scans: 1024, scans_evicted: 5002 - 1024 });
    const starts = scansOf(told).filter((s) => s.state === 'start');
    expect(starts).toHaveLength(5002);
    flow.stop(101e9);
    expect(scansOf(told).map((s) => s.portCount)).toContain(14);
  });

  it('have each start followed by one end', () => {
    const { feed, told, flow } = rig();
    for (let i = 0; i < 3000; i++)
      feed(scan([1, 2, 3, 4], { src: source(i % 1500), at: 100 + i / 20 }));
    flow.tick(1000e9);
    const scans = scansOf(told);
    const count = (state: string): number => scans.filter((s) => s.state === state).length;
    expect(count('start')).toBe(3000);
    expect(count('end')).toBe(3000);
  });
});

describe('decoys', () => {
  const began = (src: number, at: number, ports: number[], rest: Partial<Spec> = {}): Spec =>
    scan(ports, { at, src: `192.0.2.${src}`, ...rest });
  const decoys = (told: Rig['told'], flow: Rig['flow']): number[] => {
    told.take();
    flow.stop(200e9);
    return scansOf(told).map((s) => s.decoys);
  };

  it('are three sources that begin with the same ports within 2 s', () => {
    const { feed, told } = rig();
    feed(
      began(1, 100, [1, 2, 3, 4]),
      began(2, 101, [4, 3, 2, 9]),
      began(3, 102, [8, 2, 3, 4]),
      began(4, 101.5, [1, 2, 3, 4]),
    );
    expect(scansOf(told).map((s) => s.decoys)).toEqual([0, 0, 3, 4]);
    for (let port = 5; port < 9; port++) feed(knock(port, { src: '192.0.2.1', at: 103 }));
    expect(scansOf(told).map((s) => [s.state, s.decoys])).toEqual([['update', 4]]);
  });

  it('are not two, nor later ones, other ports, other victims or other kinds', () => {
    const ports = [1, 2, 3, 4];
    for (const third of [
      began(3, 102.1, ports),
      began(3, 101, [1, 2, 8, 9]),
      began(3, 101, ports, { dst: '10.0.0.6' }),
      began(3, 101, ports, { verdict: { ports, scan: 'FIN' } }),
    ]) {
      const { feed, told, flow } = rig();
      feed(began(1, 100, ports), began(2, 100, ports), third);
      expect(decoys(told, flow)).toEqual([0, 0, 0]);
    }
  });

  it('are looked for among the last 32 groups only', () => {
    const { feed, told, flow } = rig();
    const ports = [1, 2, 3, 4];
    feed(began(1, 100, ports), began(2, 100, ports));
    for (let i = 0; i < 32; i++) feed(scan(ports, { src: source(i), dst: source(i) }));
    feed(began(3, 100, ports));
    expect(decoys(told, flow).every((n) => n === 0)).toBe(true);
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
