/** What another version or other options take over: a blocked scanner stays blocked throughout. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { otherScanner, type Rig, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { onPath, suite, useRig } from '../support/suite.ts';
import type { Running } from '../support/command.ts';
import { FOREIGN, MOVED, OTHER_RECORDS, type Variant, variant } from '../support/variant.ts';
import { Stack } from './scans.ts';

const SOURCE = otherScanner(1, 4);
const BLOCK = ['-i', VICTIM_IF, '-o', 'json', '--block', '--block-ttl', '10m'];

/** Guards the victim, lets a scanner be blocked, and goes on scanning. */
async function scanned(rig: Rig): Promise<{ stack: Stack; scan: Running }> {
  const stack = await Stack.watch(rig.victim);
  const first = await Watch.start(rig.victim, BLOCK);
  const fast = ['-q', '-S', '-p', '++1', '-i', 'u500', '-a', SOURCE, '-I', SCANNER_IF];
  const scan = await rig.scanner.start(['hping3', ...fast, VICTIM[4]]);
  await first.event({ event: 'block', src_ip: SOURCE });
  await first.running.end('SIGINT');
  return { stack, scan };
}

async function blockOf(rig: Rig, main?: string) {
  const args = ['block', 'list', '--json'];
  const { stdout } = await packetwatch(rig.victim, args, main === undefined ? {} : { main });
  const rows = stdout.trim().split('\n').filter(Boolean);
  return rows
    .map((row) => JSON.parse(row) as { src_ip: string; left_s: number; drops: number })
    .find((row) => row.src_ip === SOURCE);
}

suite('another layout', ['hping3'], () => {
  const rig = useRig('direct');
  const made: Variant[] = [];
  let stack: Stack;
  beforeAll(async () => {
    ({ stack } = await scanned(rig()));
  });
  afterAll(() => {
    for (const { remove } of made) remove();
  });
  const another = async (changes: typeof MOVED): Promise<string> => {
    const version = await variant(changes);
    made.push(version);
    return version.main;
  };

  test.each([
    ['of the tables', MOVED],
    ['of records', OTHER_RECORDS],
  ])('%s: blocks are carried over, up and down', async (_, changes) => {
    if (!onPath('clang')) return;
    const { victim } = rig();
    const main = await another(changes);
    const prefix = ['10.66.0.0/16', '--ttl', '600s'];
    expect(await packetwatch(victim, ['block', 'add', ...prefix])).toMatchObject({ code: 0 });
    expect(await packetwatch(victim, ['allow', 'add', '10.67.0.9'])).toMatchObject({ code: 0 });
    for (const version of [main, undefined]) {
      const before = (await blockOf(rig()))!;
      const options = version === undefined ? {} : { main: version };
      const next = await Watch.start(victim, BLOCK, options);
      const { adopted, blocks, pinned } = await next.status();
      expect({ adopted, blocks, maps: pinned.maps.length }).toEqual({
        adopted: false,
        blocks: 1,
        maps: 1,
      });
      const after = (await blockOf(rig(), version))!;
      const { left_s, drops } = after;
      expect(after).toEqual({ ...before, left_s, drops });
      expect(drops).toBeGreaterThan(before.drops);
      expect(left_s).toBeLessThanOrEqual(before.left_s);
      expect(left_s).toBeGreaterThan(500);
      expect(await next.running.end('SIGINT')).toBe(0);
      const { stdout } = await packetwatch(victim, ['allow', 'list'], options);
      expect(stdout).toMatch(/^10\.67\.0\.9 +user$/m);
      const listed = await packetwatch(victim, ['block', 'list'], options);
      expect(listed.stdout).toMatch(/^10\.66\.0\.0\/16 .*5\d\ds +0$/m);
      expect(await stack.syns(SOURCE)).toBe(3);
    }
  });

  test('that nobody can read: its blocks end with one line', async () => {
    const { victim } = rig();
    const next = await Watch.start(victim, BLOCK, { main: await another(FOREIGN) });
    await next.note(/2 blocks end: their tables can't be read \(.*another meaning\)$/);
    expect((await next.status()).pinned.maps).toHaveLength(1);
    expect(await next.stop()).toBe(0);
  });
});

suite('other options over the guard that --block left', ['hping3'], () => {
  const rig = useRig('direct');
  let stack: Stack;
  beforeAll(async () => {
    ({ stack } = await scanned(rig()));
  });

  describe('the scanner stays blocked', () => {
    test.each([
      ['the weighted rule', ['--rule', 'weighted']],
      [
        'other ports, window, time and cap; established ones are cut',
        [
          '--rule',
          'reference,ports=15,window=5s',
          '--block-ttl',
          '5s',
          '--block-max',
          '1',
          '--block-established',
        ],
      ],
      ['XDP generic', ['--attach', 'generic']],
      ['XDP native', ['--attach', 'native']],
      ['XDP generic again', ['--attach', 'generic']],
      ['TCX again', []],
      ['more interfaces', ['-i', 'lo']],
    ])('%s', async (_, options) => {
      const next = await Watch.start(rig().victim, [...BLOCK, ...options]);
      expect(await next.status()).toMatchObject({ adopted: true, blocks: 1 });
      expect(await next.running.end('SIGINT')).toBe(0);
      expect(await stack.syns(SOURCE)).toBe(3);
    });

    test('no block, then in the firewall', async () => {
      const common = ['-i', VICTIM_IF, '-o', 'json'];
      const off = await Watch.start(rig().victim, common);
      const nft = await Watch.start(rig().victim, [...common, '--block=nft', '--replace']);
      expect(await off.running.ended).toBe(0);
      expect(await nft.status()).toMatchObject({ adopted: true, blocks: 1 });
      expect(await stack.syns(SOURCE)).toBe(3);
      expect(await nft.stop()).toBe(0);
    });
  });
});
