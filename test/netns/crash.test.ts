/** After kill -9 the guard goes on by itself; the next start takes it over and tells what happened meanwhile. */
import { beforeAll, describe, expect, test } from 'vitest';
import { writeFileSync } from 'node:fs';
import { type Event, Watch } from '../support/packetwatch.ts';
import { otherScanner, SCANNER, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { HOOKS, suite, useRig } from '../support/suite.ts';
import { until } from '../support/command.ts';
import { attached, guardAt, isPinned, NOTHING } from './attached.ts';
import { load, type LoadOptions, serve, toldOf, wrongOnes } from './load.ts';
import { namesOf } from './connections.ts';
import { Stack } from './scans.ts';

const BLOCKING = ['-i', VICTIM_IF, '-o', 'json', '--block'];

/** Each of its events was told, some perhaps twice. */
const whole = (events: readonly Event[]): boolean =>
  [...new Set(namesOf(events))].join(' ') === 'attempt open close';

suite('kill -9', ['hping3'], () => {
  const rig = useRig('direct');
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.watch(rig().victim);
  });

  describe.each(HOOKS)('at %s', (hook) => {
    test('during a scan: the block holds, and the next start takes it over', async () => {
      const options = ['-i', VICTIM_IF, '--attach', hook, '-o', 'json', '--block'];
      const source = otherScanner(1 + HOOKS.indexOf(hook), 4);
      const { victim, scanner } = rig();
      const first = await Watch.start(victim, options);
      const scan = ['-q', '-S', '-p', '++1', '-i', 'u500', '-c', '1500', '-a', source];
      const scanning = scanner.run(['hping3', ...scan, '-I', SCANNER_IF, VICTIM[4]]);
      await first.event({ event: 'block', src_ip: source });
      const { pins } = await first.status();
      await first.running.end('SIGKILL');
      await scanning;
      expect(await stack.syns(source)).toBe(3);
      expect(await attached(victim, VICTIM_IF)).toEqual(guardAt(hook));

      const second = await Watch.start(victim, options);
      expect(await second.status()).toMatchObject({ adopted: true, blocks: 1, pins });
      expect(await attached(victim, VICTIM_IF)).toEqual(guardAt(hook));
      await scanner.run(['hping3', ...scan, '-I', SCANNER_IF, '-c', '50', VICTIM[4]]);
      expect(await stack.syns(source)).toBe(3);
      expect(second.events({ event: 'block', src_ip: source }).length).toBeLessThan(2);
      expect(await second.stop()).toBe(0);
      expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
      expect(isPinned(pins)).toBe(false);
    });
  });

  test('under load: nothing is lost, and only the last batch comes again, with the same ids', async () => {
    const outward: LoadOptions = {
      host: SCANNER[4],
      ports: [3000, 3001],
      first: 'server',
      count: 2000,
      rate: 500,
    };
    await serve(rig().scanner, outward);
    const first = await Watch.start(rig().victim, BLOCKING);
    const loading = load(rig().victim, outward);
    await first.running.out.wait('500 events', () => first.lines.length > 500 || undefined);
    await first.running.end('SIGKILL');
    const second = await Watch.start(rig().victim, BLOCKING);
    const made = await loading;
    const [src_port, dst_port] = made.at(-1)!.key.split(',').map(Number);
    const last = { src_port: src_port!, dst_port: dst_port! };
    await second.event({ ...last, event: 'connection.close' });

    const told = toldOf([first, second], SCANNER[4]);
    expect(wrongOnes(made, told, whole)).toEqual([]);

    // Whatever came twice is at the end of the first run's output, and nothing else is there.
    const again = new Set(second.events().map(nameOf));
    const ended = new Set(first.events({ event: 'connection.close' }).map(({ id }) => id));
    // A connection that had not ended is told on by the second run, so only those that had are looked at.
    const over = first.events().filter(({ id }) => ended.has(id));
    // Attempts and what sockets tell come by two rings, which are given back one after the other.
    for (const kind of new Set(over.map(({ event }) => event))) {
      const ofKind = over.filter(({ event }) => event === kind);
      const from = ofKind.findIndex((event) => again.has(nameOf(event)));
      const once = ofKind.slice(from).filter((event) => !again.has(nameOf(event)));
      expect(from < 0 ? [] : once).toEqual([]);
    }
    expect(await second.stop()).toBe(0);
  });

  test('with a reader that does not read: what it never got is told by the next start', async () => {
    const outward: LoadOptions = {
      host: SCANNER[4],
      ports: [3002, 3003],
      first: 'server',
      count: 600,
      rate: 0,
    };
    const read = `/tmp/packetwatch-read-${process.pid}`;
    const later = `"$@" | { until [ -e ${read} ]; do sleep 0.05; done; rm ${read}; cat; }`;
    await serve(rig().scanner, outward);
    const first = await Watch.start(rig().victim, BLOCKING, { by: ['bash', '-c', later, 'bash'] });
    const made = await load(rig().victim, outward);
    const { pid } = await until('more lines than a pipe holds', async () => {
      const status = await first.status();
      return status.output.lines >= 3 * made.length ? status : undefined;
    });
    process.kill(pid, 'SIGKILL');
    const second = await Watch.start(rig().victim, BLOCKING);
    writeFileSync(read, '');
    await first.running.ended;
    const wrong = () => wrongOnes(made, toldOf([first, second], SCANNER[4]), whole);
    await until('all connections', () => wrong().length === 0).catch(() => undefined);
    expect(wrong()).toEqual([]);
    expect(first.lines.length).toBeLessThan(3 * made.length);
    expect(await second.stop()).toBe(0);
  });
});

const nameOf = ({ id, event }: Event): string => `${id} ${event}`;
