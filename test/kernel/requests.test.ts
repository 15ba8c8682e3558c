/** What a user asks for: blocks by hand, and their end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Flag } from '../../src/wire/layout.gen.ts';
import { tcpFrame } from '../support/frames.ts';
import { HOOKS, SCANNER, SCANNER6, VICTIM, VICTIM6 } from './rig.ts';
import { withRig } from './with-rig.ts';

const SOURCES = [
  ['IPv4', SCANNER, VICTIM],
  ['IPv6', SCANNER6, VICTIM6],
] as const;

describe.each(HOOKS)("a user's block, %s", (hook) => {
  const rig = withRig(); // watching: commands block even so
  const syn = (src: string, dst: string): string => rig().run(hook, tcpFrame({ src, dst }));

  it.each(SOURCES)('holds from the command on, and ends with the next, %s', (_, src, dst) => {
    expect(syn(src, dst)).toBe('pass');
    rig().discard();
    expect(rig().block(src, 100)).toBe('done');
    expect(syn(src, dst)).toBe('drop');
    expect(rig().unblock(src)).toBe('done');
    expect(syn(src, dst)).toBe('pass');
    const [attempt, block, unblock] = rig().records();
    expect(attempt).toMatchObject({ kind: 'ATTEMPT' });
    expect(block).toMatchObject({ kind: 'BLOCK', flags: Flag.WHOLE | Flag.BLOCKED });
    expect(block!.src).toBe(src.includes(':') ? `[${src}]:0` : `${src}:0`);
    expect(block!.verdict!.untilNs - block!.tsNs).toBeGreaterThan(99.9e9);
    expect(block!.verdict!.untilNs - block!.tsNs).toBeLessThanOrEqual(100e9);
    expect(unblock).toMatchObject({ kind: 'UNBLOCK', flags: Flag.WHOLE, verdict: { untilNs: 0 } });
  });

  it('ends by itself', async () => {
    rig().block(SCANNER, 1);
    const from = performance.now();
    while (syn(SCANNER, VICTIM) === 'drop') {
      expect(performance.now() - from).toBeLessThan(5000);
      await sleep(10);
    }
    expect(performance.now() - from).toBeGreaterThan(990);
  });

  it('is one, however often it is asked for, and ends when the last command said', () => {
    rig().block(SCANNER, 1000);
    rig().block(SCANNER, 100);
    const now = Number(process.hrtime.bigint());
    const { active } = rig().kernel.table.blocks(now);
    expect(active).toHaveLength(1);
    expect(active[0]!.untilNs - now).toBeLessThan(101e9);
    expect(rig().blockCount()).toBe(1);
    expect(rig().unblock(SCANNER)).toBe('done');
    expect(rig().blockCount()).toBe(0);
    expect(rig().unblock(SCANNER)).toBe('nothing');
    expect(
      rig()
        .records()
        .map((r) => r.kind),
    ).toEqual(['BLOCK', 'BLOCK', 'UNBLOCK']);
  });

  it('of one IPv6 address is one of its /64', () => {
    rig().block(SCANNER6);
    expect(syn('2001:db8:bad::ffff', VICTIM6)).toBe('drop');
    expect(syn('2001:db8:bad:1::1', VICTIM6)).toBe('pass');
    expect(rig().unblock('2001:db8:bad:0:1:2:3:4')).toBe('done');
    expect(syn(SCANNER6, VICTIM6)).toBe('pass');
  });

  it('nobody is unblocked who was not blocked', () => {
    rig().block(SCANNER);
    expect(rig().unblock('192.0.2.57')).toBe('nothing');
    expect(syn(SCANNER, VICTIM)).toBe('drop');
  });
});

describe.each(HOOKS)('a block that a scan has set, %s', (hook) => {
  const rig = withRig({ block: true });
  const scan = (): string[] =>
    [80, 81, 82, 83].map((dstPort) =>
      rig().run(hook, tcpFrame({ src: SCANNER, dst: VICTIM, dstPort })),
    );

  it("can be made the user's, and longer", () => {
    scan();
    expect(rig().block(SCANNER, 5000)).toBe('done');
    const now = Number(process.hrtime.bigint());
    const { active } = rig().kernel.table.blocks(now);
    expect(active).toMatchObject([{ byUser: true }]);
    expect(active[0]!.untilNs - now).toBeGreaterThan(4999e9);
  });

  it('can be ended; the source starts anew', () => {
    scan();
    expect(rig().unblock(SCANNER)).toBe('done');
    expect(scan()).toEqual(['pass', 'pass', 'pass', 'drop']);
  });

  it('is not lengthened by further SYNs', async () => {
    scan();
    const until = (): number => rig().kernel.table.blocks(0).active[0]!.untilNs;
    const before = until();
    await sleep(150);
    scan();
    expect(until()).toBe(before);
  });
});
