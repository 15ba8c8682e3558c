/** What the one table does when it is full, and that it never holds up a packet. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { Flag } from '../../src/wire/layout.gen.ts';
import { ethernet, ipv4, tcp, tcpFrame } from '../support/frames.ts';
import { collidingSources } from './sets.ts';
import { bytesOf, HOOKS, type HookName, type Rig, SCANNER, VICTIM } from './rig.ts';
import { withRig } from './with-rig.ts';

const FOUR = [80, 81, 82, 83];
/** Time stamps of a set's ways are kept in steps of 67 ms. */
const STEP_MS = 70;

describe.each(HOOKS)('a full set of the table, %s', (hook) => {
  const rig = withRig({ windowSeconds: 3600 });
  let sources: string[] = [];
  beforeEach(() => {
    if (sources.length === 0) sources = collidingSources(rig(), 5);
  });

  /** Four sources fill the set, a fifth comes: is source `n` still known by its first port? */
  const known = async (n: number, fill: () => Promise<void>): Promise<boolean> => {
    rig().reset();
    await fill();
    expect(rig().moved()['evicted'] ?? 0).toBe(0);
    syns(rig(), hook, sources[4]!, [1]);
    expect(rig().moved()).toMatchObject({ evicted: 1 });
    // ports 1 of before, 5, 6 and 7: four of a known source, three of a forgotten one
    syns(rig(), hook, sources[n]!, [5, 6, 7]);
    return rig()
      .records()
      .some((r) => r.kind === 'SCAN');
  };

  it('the oldest of the least suspicious sources goes, and is counted', async () => {
    const fill = async (): Promise<void> => {
      for (const source of sources.slice(0, 4)) {
        syns(rig(), hook, source, [1]);
        await sleep(STEP_MS);
      }
      syns(rig(), hook, sources[0]!, [1]); // the first one again: the second is the oldest now
    };
    const all = [];
    for (const n of [0, 1, 2, 3]) all.push(await known(n, fill));
    expect(all).toEqual([true, false, true, true]);
  });

  it('a source that touched more ports stays, however old', async () => {
    const fill = async (): Promise<void> => {
      syns(rig(), hook, sources[0]!, [1, 2]);
      await sleep(STEP_MS);
      for (const source of sources.slice(1, 3)) syns(rig(), hook, source, [1, 2]);
      await sleep(STEP_MS);
      syns(rig(), hook, sources[3]!, [1]);
    };
    const all = [];
    for (const n of [0, 1, 2, 3]) all.push(await known(n, fill));
    expect(all).toEqual([true, true, true, false]);
  });

  it('a newcomer is still judged, and nobody is dropped', () => {
    for (const source of sources)
      expect(syns(rig(), hook, source, [1, 2, 3])).not.toContain('drop');
    expect(syns(rig(), hook, sources[4]!, [4])).toEqual(['pass']);
    expect(rig().records().at(-1)).toMatchObject({ kind: 'SCAN', src: `${sources[4]}:0` });
  });
});

describe.each(HOOKS)('sources past their window, %s', (hook) => {
  const rig = withRig({ windowSeconds: 1 });

  it('make room without being counted as evicted', async () => {
    const sources = collidingSources(rig(), 6);
    for (const source of sources.slice(0, 4)) syns(rig(), hook, source, [1, 2, 3]);
    await sleep(1000 + 3 * STEP_MS);
    for (const source of sources.slice(4)) syns(rig(), hook, source, [1]);
    expect(rig().moved()).not.toHaveProperty('evicted');
  });
});

describe.each(HOOKS)('blocks of one set, %s', (hook) => {
  const rig = withRig({ block: true });
  let sources: string[] = [];
  beforeEach(() => {
    if (sources.length === 0) sources = collidingSources(rig(), 4);
  });
  const blocked = (): string[] =>
    sources.filter((source) => rig().run(hook, tcpFrame({ src: source, dst: VICTIM })) === 'drop');

  it('are two at most: the third replaces the one that ends first', async () => {
    for (const source of sources.slice(0, 3)) {
      syns(rig(), hook, source, FOUR);
      await sleep(STEP_MS);
    }
    expect(rig().moved()).toMatchObject({ blocked: 3, blocks_replaced: 1 });
    expect(blocked()).toEqual([sources[1], sources[2]]);
    expect(rig().blockCount()).toBe(2);
    expect(rig().kernel.table.blocks(0).active).toHaveLength(2);
  });

  it("a user's block outlives one by SYN-only evidence, which can be forged", () => {
    rig().block(sources[0]!, 5);
    syns(rig(), hook, sources[1]!, FOUR);
    syns(rig(), hook, sources[2]!, FOUR);
    expect(blocked()).toEqual([sources[0], sources[2]]);
    rig().block(sources[3]!, 5);
    expect(blocked()).toEqual([sources[0], sources[3]]);
    expect(rig().moved()).toMatchObject({ blocks_replaced: 2 });
  });

  it('leave room for two sources that are being watched', () => {
    for (const source of sources.slice(0, 2)) syns(rig(), hook, source, FOUR);
    expect(syns(rig(), hook, sources[2]!, [1, 2, 3])).toEqual(['pass', 'pass', 'pass']);
    expect(syns(rig(), hook, sources[3]!, [1, 2, 3])).toEqual(['pass', 'pass', 'pass']);
    expect(rig().moved()).not.toHaveProperty('evicted');
    expect(syns(rig(), hook, sources[2]!, [4])).toEqual(['drop']);
  });
});

describe.each(HOOKS)('--block-max, %s', (hook) => {
  const rig = withRig({ block: true, blockMax: 2 });

  it('a scan over the cap is told, counted and not blocked, until there is room', () => {
    const [a, b, c] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    for (const source of [a, b]) expect(syns(rig(), hook, source, FOUR).at(-1)).toBe('drop');
    rig().discard();
    expect(syns(rig(), hook, c, FOUR).at(-1)).toBe('pass');
    expect(rig().records().at(-1)).toMatchObject({ flags: Flag.WHOLE | Flag.SPARED });
    expect(rig().moved()).toMatchObject({ blocked: 2, blocks_refused: 1, spared: 1, verdicts: 3 });
    expect(rig().block('192.0.2.4')).toBe('full');
    expect(rig().moved()).toMatchObject({ blocks_refused: 1 });
    rig().unblock(a);
    expect(syns(rig(), hook, c, [84]).at(-1)).toBe('drop');
    expect(rig().blockCount()).toBe(2);
  });
});

describe.each(HOOKS)('a set that somebody else holds, %s', (hook) => {
  const rig = withRig({ block: true });

  it('lets packets pass, and says so', () => {
    rig().setLocks(true);
    try {
      expect(syns(rig(), hook, SCANNER, [...FOUR, 84])).toEqual(
        Array.from({ length: 5 }, () => 'pass'),
      );
      expect(rig().moved()).toEqual({
        packets: 5,
        attempts: 5,
        attempts_reported: 5,
        contended: 5,
      });
      expect(rig().block(SCANNER)).toBe('busy');
      expect(rig().unblock(SCANNER)).toBe('busy');
    } finally {
      rig().setLocks(false);
    }
    expect(syns(rig(), hook, SCANNER, FOUR).at(-1)).toBe('drop');
  });

  it('a block holds meanwhile', () => {
    syns(rig(), hook, SCANNER, FOUR);
    rig().setLocks(true);
    expect(syns(rig(), hook, SCANNER, FOUR)).toEqual(FOUR.map(() => 'drop'));
    rig().setLocks(false);
  });
});

describe.each(HOOKS)('more sources than the table holds, %s', (hook) => {
  const rig = withRig({ sumAbove: 0 });

  it('every one has its place or is counted, and none is dropped', { timeout: 120_000 }, () => {
    const sources = 80_000;
    let dropped = 0;
    const frame = ethernet(ipv4({ src: '11.0.0.0', dst: VICTIM }, tcp()));
    for (let i = 0; i < sources; i++) {
      frame.writeUInt32BE(0x0b000000 + i, 14 + 12);
      if (rig().run(hook, frame) !== 'pass') dropped++;
    }
    const { evicted, attempts } = rig().moved();
    const { used, capacity } = rig().kernel.table.occupancy(0);
    expect(dropped).toBe(0);
    expect(capacity).toBe(65_536);
    expect(used + evicted!).toBe(sources);
    expect(used).toBeGreaterThan(55_000); // 4.9 sources a set, in 4 ways: 58,000 by Poisson
    expect(attempts).toBe(sources);
  });
});

describe('blocks as user space reads them', () => {
  const rig = withRig({ block: true });

  it('tell source, victim, reason, end and drops', () => {
    syns(rig(), 'tcx', SCANNER, [...FOUR, 84]);
    rig().block('2001:db8:bad::7', 100);
    const now = Number(process.hrtime.bigint());
    const { active } = rig().kernel.table.blocks(now);
    const scan = active.find((block) => !block.byUser);
    const user = active.find((block) => block.byUser);
    expect(active).toHaveLength(2);
    expect(rig().kernel.table.occupancy(now)).toMatchObject({ used: 2, blocks: 2 });
    expect(rig().kernel.table.occupancy(now + 80e9)).toMatchObject({ used: 2, blocks: 1 });
    expect(scan).toMatchObject({
      source: bytesOf(SCANNER),
      fullSource: bytesOf(SCANNER),
      victim: bytesOf(VICTIM),
      hits: 1,
    });
    expect(user).toMatchObject({
      source: bytesOf('2001:db8:bad::'),
      fullSource: bytesOf('2001:db8:bad::7'),
      hits: 0,
      ports: [],
    });
    for (const [block, seconds] of [
      [scan, 60],
      [user, 100],
    ] as const) {
      expect(block!.untilNs - now).toBeGreaterThan((seconds - 1) * 1e9);
      expect(block!.untilNs - now).toBeLessThan((seconds + 0.2) * 1e9);
    }
  });
});

function syns(rig: Rig, hook: HookName, src: string, ports: readonly number[]): string[] {
  return ports.map((dstPort) => rig.run(hook, tcpFrame({ src, dst: VICTIM, dstPort })));
}
