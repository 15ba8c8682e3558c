/** Years of uptime: the rules across every time at which a number of theirs wraps, and rings across 4 GiB. */
import { describe, expect, it } from 'vitest';
import { RING_SIZES } from '../../src/kernel/maps.ts';
import { Head } from '../../src/wire/layout.gen.ts';
import { tcpFrame } from '../support/frames.ts';
import { bytesOf, OTHER_VICTIM, SCANNER, VICTIM } from './rig.ts';
import { scans, Talk } from './talk.ts';
import { withRig } from './with-rig.ts';

/** The same code on either. */
const hook = 'tcx';
const SECOND = 1e9;
const YEAR = 365 * 86_400 * SECOND;

/** Nanoseconds of uptime, and what wraps there or is no longer exact. */
const WRAPS = [
  ['32 bits of ticks, 1.024 us each', 2 ** 42],
  ['16 bits of seconds, 2^30 ns each (pw_peers)', 2 ** 46],
  ['a year', YEAR],
  ['numbers in user space are no longer exact', 2 ** 53],
  ['half of the end of a way, 2^26 ns each', 2 ** 57],
  ['the end of a way, a score, a tick in 48 bits', 2 ** 58],
] as const;

describe('the reference rule with a clock at its wraps', () => {
  const rig = withRig({ setClock: true, block: true, blockSeconds: 60 });
  const talk = (): Talk => new Talk(rig(), hook);

  describe.each(WRAPS)('%s', (_, wrap) => {
    const at = (seconds: number): number => {
      rig().setClock(wrap + seconds * SECOND);
      return wrap + seconds * SECOND;
    };

    it('finds a scan that goes over it, blocks for as long as it should, and frees the place', () => {
      const t = talk();
      for (const port of [1, 2, 3]) {
        at(-30 + port);
        expect(t.send(port)).toBe('pass');
      }
      at(10);
      expect(t.send(4)).toBe('drop');
      const [scan] = scans(rig());
      expect(scan!.verdict!.ports.slice(0, 4).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
      expect((scan!.verdict!.untilNs - wrap) / SECOND).toBeCloseTo(70, 0);
      const during = at(60);
      expect(t.send(5)).toBe('drop');
      const [block] = rig().kernel.table.blocks(during).active;
      expect((block!.untilNs - during) / SECOND).toBeCloseTo(10, 0);
      expect(rig().kernel.table.occupancy(during)).toMatchObject({ used: 1, blocks: 1 });
      const after = at(71);
      expect(t.send(6)).toBe('pass');
      expect(rig().kernel.table.occupancy(after).blocks).toBe(0);
      rig().kernel.sweepBlocks(after);
      expect(rig().blockCount()).toBe(0);
    });

    it('forgets a block and ports of before it', () => {
      const t = talk();
      for (const port of [1, 2, 3, 4]) {
        at(-50);
        t.send(port);
      }
      expect(rig().blockCount()).toBe(1);
      const after = at(11);
      expect(t.send(5)).toBe('pass');
      expect(rig().kernel.table.blocks(after).active).toEqual([]);
      for (const port of [6, 7]) expect(t.send(port)).toBe('pass');
      expect(t.send(8)).toBe('drop');
    });

    it('counts a port until it was last touched longer ago than the window', () => {
      const t = talk();
      for (const [seconds, port] of [
        [-55, 1],
        [-30, 2],
        [-5, 1],
        [10, 3],
      ] as const) {
        at(seconds);
        expect(t.send(port)).toBe('pass');
      }
      at(31);
      expect(t.send(4)).toBe('pass'); // 2 is forgotten, 1 is not
      expect(t.send(5)).toBe('drop');
    });

    it.each([
      [50, -10, 50],
      [-10, 50, 50],
    ])('keeps the later end of a block of two tables: %i and %i s from it', (here, there, end) => {
      const now = at(-30);
      rig().block(SCANNER, here + 30);
      const only = () => rig().kernel.table.blocks(now).active[0]!;
      const other = { ...only(), untilNs: wrap + there * SECOND };
      expect(rig().kernel.requests.keep(other, 2 ** 32 - 2, now)).toBe('done');
      expect((only().untilNs - wrap) / SECOND).toBeCloseTo(end, 0);
      expect(rig().kernel.requests.keep(other, 7, now)).toBe('done');
      expect(only().hits).toBe(2 ** 32 - 1); // no more than can be told
      expect(rig().blockCount()).toBe(1);
    });

    it("holds a user's block of a year, and ends one of a minute", () => {
      at(-30);
      rig().block(SCANNER, 365 * 86_400);
      rig().block('192.0.2.57', 60);
      at(-29);
      expect(talk().send(1)).toBe('drop');
      at(20);
      expect([talk().send(1), new Talk(rig(), hook, '192.0.2.57').send(1)]).toEqual([
        'drop',
        'drop',
      ]);
      const after = at(40);
      expect([talk().send(1), new Talk(rig(), hook, '192.0.2.57').send(1)]).toEqual([
        'drop',
        'pass',
      ]);
      rig().kernel.sweepBlocks(after);
      expect(rig().blockCount()).toBe(1);
    });
  });
});

describe('the weighted rule with a clock at its wraps', () => {
  const rig = withRig({ rule: 'weighted', windowSeconds: 600, setClock: true, block: true });

  describe.each(WRAPS)('%s', (_, wrap) => {
    const at = (seconds: number): void => rig().setClock(wrap + seconds * SECOND);

    it('adds up what became of ports on both sides of it, at two addresses of ours', () => {
      const [one, other] = [VICTIM, OTHER_VICTIM].map((dst) => new Talk(rig(), hook, SCANNER, dst));
      at(-2);
      expect([one!.closed(1), other!.closed(2)]).toEqual(['pass', 'pass']);
      at(2);
      expect([one!.closed(3), other!.closed(4)]).toEqual(['pass', 'pass']);
      expect([5, 6, 7].map((port) => one!.closed(port))).toContain('drop');
      expect(scans(rig())).toMatchObject([{ scan: { hosts: 2 } }]);
      expect(rig().kernel.table.of(bytesOf(SCANNER), wrap + 2 * SECOND).length).toBeGreaterThan(0);
    });

    it('halves a score that is older than it, and trusts who earned it before', () => {
      const t = new Talk(rig(), hook);
      at(-100);
      for (const port of [1, 2, 3]) expect(t.closed(port)).toBe('pass');
      at(100);
      for (const port of [4, 5, 6]) expect(t.closed(port)).toBe('pass');
      const partner = new Talk(rig(), hook, '192.0.2.57');
      for (let i = 0; i < 6; i++) {
        at(-30 + 5 * i);
        expect(partner.connect(80)).toBe('pass');
      }
      at(20);
      for (let port = 1; port < 8; port++) expect(partner.closed(port)).toBe('pass');
      expect(scans(rig()).filter(({ src }) => src.startsWith('192.0.2.57'))).toMatchObject([
        { flags: expect.any(Number) as number },
      ]);
      expect(rig().blockCount()).toBe(0);
    });

    it('knows a port that was open before it', () => {
      at(-10);
      new Talk(rig(), hook, '192.0.2.57').answered(80);
      at(10);
      const t = new Talk(rig(), hook);
      for (const port of [1, 2, 3]) expect(t.closed(port)).toBe('pass');
      expect([t.closed(80), t.closed(80)]).toEqual(['pass', 'pass']);
      expect(scans(rig())).toEqual([]);
    });
  });

  it('knows a port that was open in the first minute after a boot', () => {
    rig().setClock(20 * SECOND);
    new Talk(rig(), hook, '192.0.2.57').answered(80);
    rig().setClock(40 * SECOND);
    const t = new Talk(rig(), hook);
    for (const port of [1, 2, 3, 80]) expect(t.closed(port)).toBe('pass');
    expect(t.send(5)).toBe('pass');
  });
});

describe('a ring', () => {
  const rig = withRig({ ports: 0, sumAbove: 1e6 });

  it('is read on across 4 GiB, where its positions wrap', () => {
    const ring = rig().kernel.attempts;
    const half = RING_SIZES.pw_attempts / 2;
    const bytes = Head.size + 8;
    rig().spin(2 ** 32 / half - 1);
    const frame = tcpFrame({ src: SCANNER, dst: VICTIM });
    const count = Math.floor((half * 1.5) / bytes);
    rig().run('xdp', frame, count);
    expect(ring.pending()).toBe(count * bytes);
    expect(rig().discard()).toBe(count);
    expect(ring.pending()).toBe(0);
    rig().run('xdp', frame, count);
    expect(rig().discard()).toBe(count);
    expect(rig().moved()).toMatchObject({ attempts_reported: 2 * count });
    expect(rig().kernel.counters().attempts_lost).toBe(0);
  });
});
