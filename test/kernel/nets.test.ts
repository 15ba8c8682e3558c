/** Blocks by prefix, and what is allowed within them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Origin } from '../../src/kernel/never.ts';
import { parsePrefix } from '../../src/wire/prefix.ts';
import { Tcp, tcpFrame } from '../support/frames.ts';
import { ELSEWHERE, HOOKS, SCANNER, SCANNER6, VICTIM, VICTIM6 } from './rig.ts';
import { withRig } from './with-rig.ts';

const now = (): number => Number(process.hrtime.bigint());

describe.each(HOOKS)('a block of a prefix, %s', (hook) => {
  const rig = withRig();
  const block = (text: string, seconds = 3600) =>
    rig().kernel.nets.block(parsePrefix(text)!, seconds);
  const unblock = (text: string) => rig().kernel.nets.unblock(parsePrefix(text)!);
  const syn = (src: string, dst: string): string => rig().run(hook, tcpFrame({ src, dst }));

  it.each([
    ['IPv4', '192.0.2.0/24', SCANNER, VICTIM, '192.0.3.1'],
    ['IPv6', '2001:db8:b00::/40', SCANNER6, VICTIM6, '2001:db8:a00::1'],
  ])(
    'drops SYNs of all in it and of nobody else, until it is removed, %s',
    (_, text, src, dst, other) => {
      expect(syn(src, dst)).toBe('pass');
      expect(block(text)).toBe('done');
      rig().moved();
      expect(syn(src, dst)).toBe('drop');
      expect(rig().moved()).toEqual({ packets: 1, attempts: 1, attempts_dropped: 1 });
      expect(syn(other, dst)).toBe('pass');
      expect(unblock(text)).toBe('done');
      expect(syn(src, dst)).toBe('pass');
      expect(unblock(text)).toBe('nothing');
      const kinds = rig()
        .records()
        .filter(({ kind }) => kind.endsWith('BLOCK'));
      expect(kinds.map(({ kind }) => kind)).toEqual(['BLOCK', 'UNBLOCK']);
      expect(kinds[0]!.dst).toMatch(new RegExp(`:${parsePrefix(text)!.length}$`));
    },
  );

  it('drops what a block of one source drops, and counts it', () => {
    block('192.0.2.0/24');
    const other = (flags: number, dst = VICTIM) =>
      rig().run(hook, tcpFrame({ src: SCANNER, dst, flags }));
    expect(other(Tcp.ACK)).toBe('drop');
    expect(other(0)).toBe('drop');
    expect(other(0, ELSEWHERE)).toBe('drop');
    expect(other(Tcp.ACK, ELSEWHERE)).toBe('pass');
    expect(syn(SCANNER, ELSEWHERE)).toBe('drop');
    // What of a blocked source was looked at, as of other blocks: the ACK that passed through us, too.
    expect(rig().kernel.nets.list(now()).active).toMatchObject([{ drops: 5 }]);
  });

  it('lets pass who is never blocked, and who is allowed', () => {
    block('192.0.0.0/8');
    rig().setNever([{ address: SCANNER, length: 128 }]);
    expect(syn(SCANNER, VICTIM)).toBe('pass');
    expect(rig().run(hook, tcpFrame({ src: SCANNER, dst: VICTIM, flags: Tcp.ACK }))).toBe('pass');
    expect(syn('192.0.2.57', VICTIM)).toBe('drop');
    rig().kernel.never.allow(parsePrefix('192.0.2.0/26')!);
    expect(syn('192.0.2.57', VICTIM)).toBe('pass');
    expect(syn('192.0.2.64', VICTIM)).toBe('drop');
  });

  it('ends by itself, also when nobody removes it, and hides no longer one', async () => {
    block('192.0.0.0/8');
    block('192.0.2.0/24', 0.2);
    block('192.0.2.56', 0.2);
    expect(syn(SCANNER, VICTIM)).toBe('drop');
    await sleep(250);
    expect(syn(SCANNER, VICTIM)).toBe('drop');
    expect(unblock('192.0.0.0/8')).toBe('done');
    expect(syn(SCANNER, VICTIM)).toBe('pass');
    expect(rig().netCount()).toBe(2);
    rig().kernel.sweepBlocks(now());
    expect(rig().netCount()).toBe(0);
  });

  it('is one, however often it is asked for', () => {
    block('192.0.2.0/24', 1000);
    block('192.0.2.0/24', 100);
    const { active } = rig().kernel.nets.list(now());
    expect(active).toHaveLength(1);
    expect(active[0]!.untilNs - now()).toBeLessThan(101e9);
    expect(rig().netCount()).toBe(1);
  });

  it('goes on beside a block of one source', () => {
    block('192.0.2.0/24');
    rig().block(SCANNER);
    expect(rig().unblock(SCANNER)).toBe('done');
    expect(syn(SCANNER, VICTIM)).toBe('drop');
    unblock('192.0.2.0/24');
    expect(syn(SCANNER, VICTIM)).toBe('pass');
  });
});

describe('the count of blocked prefixes', () => {
  const rig = withRig();
  const prefix = parsePrefix('192.0.2.0/24')!;
  const sweep = (): number => {
    rig().kernel.sweepBlocks(now());
    return rig().netCount();
  };

  it('loses what a command has left that was killed', () => {
    rig().kernel.nets.block(parsePrefix('198.51.100.0/24')!, 3600);
    for (let n = 0; n < 2; n++) rig().kernel.requests.countNet(prefix); // killed before they wrote
    expect([sweep(), sweep(), sweep()]).toEqual([3, 1, 1]);
    expect(rig().kernel.nets.unblock(prefix)).toBe('nothing');
    expect(rig().records()).toMatchObject([{ kind: 'BLOCK' }]); // nothing is reported
  });

  it('waits for a command that is slow, and takes up one that was taken for killed', () => {
    const { nets, requests } = rig().kernel;
    requests.countNet(prefix);
    expect(sweep()).toBe(1);
    nets.block(prefix, 3600); // counts it again: the first was killed
    expect([rig().netCount(), sweep(), sweep()]).toEqual([2, 1, 1]);
    requests.correctNets(-1);
    expect(rig().run('tcx', tcpFrame({ src: SCANNER, dst: VICTIM }))).toBe('pass');
    expect(sweep()).toBe(1);
    expect(rig().run('tcx', tcpFrame({ src: SCANNER, dst: VICTIM }))).toBe('drop');
    nets.unblock(prefix);
    requests.correctNets(-1); // a removal that was taken for killed, and went on
    expect([rig().netCount(), sweep(), sweep()]).toEqual([2 ** 32 - 1, 0, 0]);
  });
});

describe('the lists', () => {
  const rig = withRig();

  it('refuse the 4,097th blocked prefix, and count it', () => {
    const all = Array.from({ length: 4096 }, (_, n) => `11.${n >> 8}.${n & 255}.0/24`);
    for (const text of all) expect(rig().kernel.nets.block(parsePrefix(text)!, 1000)).toBe('done');
    expect(rig().kernel.nets.block(parsePrefix('12.0.0.0/8')!, 1000)).toBe('full');
    expect(rig().moved()).toMatchObject({ lists_full: 1 });
    expect(rig().kernel.nets.list(now()).active).toHaveLength(4096);
    expect(rig().netCount()).toBe(4096);
  });

  it('refuse the 4,097th allowed prefix, and keep room for what must be protected', () => {
    const { never } = rig().kernel;
    const list = Array.from({ length: 4096 }, (_, n) => `11.${n >> 8}.${n & 255}.0/24`);
    // At once: one by one each would be looked for among all before.
    never.set(list.map((text) => ({ ...parsePrefix(text)!, origin: Origin.user })));
    expect(never.allow(parsePrefix('12.0.0.0/8')!)).toBe('full');
    expect(never.allow(parsePrefix(list[0]!)!)).toBe('done');
    rig().setNever([{ address: SCANNER, length: 128 }]);
    expect(never.covers(parsePrefix(SCANNER)!)).toBe(true);
  });

  it('what the user allows outlives the renewal of the rest, and the other way round', () => {
    const { never } = rig().kernel;
    const one = parsePrefix(SCANNER)!;
    rig().setNever([{ address: SCANNER, length: 128 }]);
    never.allow(one);
    expect(never.list()).toMatchObject([{ length: 128, origin: 17 }]);
    rig().setNever([]);
    expect(never.list()).toMatchObject([{ origin: 16 }]);
    rig().setNever([{ address: SCANNER, length: 128 }]);
    expect(never.disallow(one)).toBe('done');
    expect(never.disallow(one)).toBe('nothing');
    expect(never.list()).toMatchObject([{ origin: 1 }]);
  });
});
