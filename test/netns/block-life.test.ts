/** How a block begins and ends, whom it never hits, and what of a blocked source goes on. */
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import type { Event, Watch } from '../support/packetwatch.ts';
import {
  GATEWAY,
  type Namespace,
  otherScanner,
  type Rig,
  SCANNER,
  SCANNER_IF,
  VICTIM,
  VICTIM_IF,
} from '../support/rig.ts';
import { HOOKS, suite, useRig, useWatch } from '../support/suite.ts';
import { Stack } from './scans.ts';

const PORTS = 6;

suite('a block', ['nmap', 'hping3'], () => {
  const rig = useRig('routed');
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.watch(rig().victim);
  });

  describe.each(HOOKS)('at %s', (hook) => {
    const at = ['-i', VICTIM_IF, '--attach', hook, '-o', 'json', '--block'];

    describe('of 2 s', () => {
      const watch = useWatch(rig, [...at, '--block-ttl', '2s']);

      test.each([4, 6] as const)('ends by itself, IPv%d', async (family) => {
        const [scanner, victim] = [await rig().scanner.peer(), await rig().victim.peer()];
        const { port } = await victim.listen({ host: VICTIM[family], mode: 'echo' });
        await sweep(rig().scanner, SCANNER[family], VICTIM[family]);
        const block = await watch().event({ event: 'block', src_ip: SCANNER[family] });
        expect(block.reason).toBe('port scan');
        expect(secondsOf(block.until_ts) - secondsOf(block.ts)).toBeCloseTo(2, 1);

        // The kernel's first retransmission comes after 1 s, the second after 3 s.
        const target = { host: VICTIM[family], port };
        expect(await scanner.connect({ ...target, seconds: 0.2 })).toMatchObject({
          error: 'ETIMEDOUT',
        });
        await until('a connection after the block', async () => {
          const { error } = await scanner.connect({ ...target, seconds: 0.2 });
          return error === undefined;
        });
        const open = await watch().event({ event: 'connection.open', dst_port: port });
        expect(secondsOf(open.ts)).toBeGreaterThan(secondsOf(block.until_ts) - 0.1);
        expect(secondsOf(open.ts)).toBeLessThan(secondsOf(block.until_ts) + 1.5);
      });
    });

    describe('with the defaults', () => {
      const watch = useWatch(rig, at);

      test.each([4, 6] as const)('never hits the gateway, IPv%d', async (family) => {
        await stack.reset();
        await sweep(rig().gateway, GATEWAY[family], VICTIM[family]);
        await expectSpared(watch(), GATEWAY[family]);
        expect(await stack.ports(GATEWAY[family])).toHaveLength(PORTS);
      });

      test('never hits an own address that somebody forges', async () => {
        const forged = ['-q', '-S', '-p', '++1', '-i', 'u1000', '-c', `${PORTS}`, '-a', VICTIM[4]];
        await rig().scanner.run(['hping3', ...forged, '-I', SCANNER_IF, VICTIM[4]]);
        await expectSpared(watch(), VICTIM[4]);
        const peer = await rig().victim.peer();
        const { port } = await peer.listen({ host: VICTIM[4], mode: 'echo' });
        expect((await peer.connect({ host: VICTIM[4], port })).error).toBeUndefined();
      });

      test.each([4, 6] as const)('leaves an open connection alone, IPv%d', async (family) => {
        const { scanner, connection, refusal } = await heldWhileScanning(rig(), watch(), family);
        expect(refusal).toBe('ETIMEDOUT');
        expect(await scanner.say(connection, 'still here?')).toMatchObject({
          reply: 'still here?',
        });
        await scanner.end(connection);
      });
    });

    describe('with --block-established', () => {
      const watch = useWatch(rig, [...at, '--block-established']);

      test.each([4, 6] as const)('cuts an open connection, IPv%d', async (family) => {
        const { scanner, connection } = await heldWhileScanning(rig(), watch(), family);
        expect(await scanner.say(connection, 'still here?')).toMatchObject({ error: 'ETIMEDOUT' });
      });
    });
  });

  describe('that was only said', () => {
    const watch = useWatch(rig, ['-i', VICTIM_IF, '-o', 'json', '--block', '--dry-run']);

    test('lets everything through', async () => {
      const source = otherScanner(3, 4);
      await sweep(rig().scanner, source, VICTIM[4]);
      await expectSpared(watch(), source);
      expect(await stack.ports(source)).toHaveLength(PORTS);
    });
  });
});

/** Six closed ports, half-open. */
async function sweep(from: Namespace, source: string, victim: string): Promise<void> {
  const family = victim.includes(':') ? ['-6'] : [];
  const iface = from.name.endsWith('gateway') ? 'gv0' : SCANNER_IF;
  const fast = ['-T5', '--max-retries', '0', '-p', `1-${PORTS}`];
  await from.must([
    'nmap',
    '-n',
    '-Pn',
    '-sS',
    ...family,
    ...fast,
    '-S',
    source,
    '-e',
    iface,
    victim,
  ]);
}

/** Its scan is reported, and it is not blocked. */
async function expectSpared(watch: Watch, source: string): Promise<void> {
  const scan = await watch.event({ event: 'scan', src_ip: source });
  expect(scan.ports).toHaveLength(4);
  expect(scan.evidence).toMatchObject({ blocked: false, spared: true });
  expect(watch.events({ event: 'block', src_ip: source })).toEqual([]);
}

/** A connection that was open before its client's scan, and what a new one gets after. */
async function heldWhileScanning(rig: Rig, watch: Watch, family: 4 | 6) {
  const scanner = await rig.scanner.peer();
  const host = VICTIM[family];
  const { port } = await (await rig.victim.peer()).listen({ host, mode: 'echo' });
  const { connection } = await scanner.connect({ host, port, end: 'hold', patience_ms: 1000 });
  expect(await scanner.say(connection, 'hello')).toMatchObject({ reply: 'hello' });
  await sweep(rig.scanner, SCANNER[family], host);
  await watch.event({ event: 'block', src_ip: SCANNER[family] });
  const { error: refusal } = await scanner.connect({ host, port, seconds: 0.3 });
  return { scanner, connection, refusal };
}

function secondsOf(stamp: Event['ts'] | undefined): number {
  return Date.parse(stamp ?? '') / 1000;
}
