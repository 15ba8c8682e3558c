/** How often TCP's states change, as the running program counts it: each transition of each socket, once. */
import { beforeAll, expect, test } from 'vitest';
import type { States } from '../../src/model/states.ts';
import { until } from '../support/command.ts';
import { packetwatch } from '../support/packetwatch.ts';
import { SCANNER, VICTIM } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { load, type LoadOptions, serve } from './load.ts';

const COUNT = 40;
const LOAD: LoadOptions = { host: '', ports: [5000], first: 'client', count: COUNT, rate: 0 };

/** What the sockets of a host go through that ends all connections it makes, and of which others end those to it. */
const TAKEN = {
  'LISTEN SYN-RECEIVED': COUNT,
  'SYN-RECEIVED ESTABLISHED': COUNT,
  'ESTABLISHED CLOSE-WAIT': COUNT,
  'CLOSE-WAIT LAST-ACK': COUNT,
  'LAST-ACK CLOSED': COUNT,
  'CLOSED SYN-SENT': COUNT,
  'SYN-SENT ESTABLISHED': COUNT,
  'ESTABLISHED FIN-WAIT-1': COUNT,
  'FIN-WAIT-1 FIN-WAIT-2': COUNT,
  'FIN-WAIT-2 TIME-WAIT': COUNT,
} as const;

suite("TCP's states", [], () => {
  const rig = useRig('direct');
  beforeAll(async () => {
    const { scanner, victim } = rig();
    await serve(victim, { ...LOAD, host: VICTIM[6] });
    await serve(scanner, { ...LOAD, host: SCANNER[4] });
  });
  const watch = useWatch(rig, ['-o', 'json']);

  test('have every change counted since the start', async () => {
    const { scanner, victim } = rig();
    expect(watch().running.alive).toBe(true);
    await load(scanner, { ...LOAD, host: VICTIM[6] });
    await load(victim, { ...LOAD, host: SCANNER[4] });
    const told = await until('the last close', async () => {
      const states = JSON.parse((await packetwatch(victim, ['states', '--json'])).stdout) as States;
      return counted(states, 'LAST-ACK CLOSED') >= COUNT && states;
    });
    const taken = Object.keys(TAKEN).map((each) => [each, counted(told, each)]);
    expect(Object.fromEntries(taken)).toEqual(TAKEN);
    expect(Date.parse(told.since_ts!)).toBeLessThan(Date.now());
    const text = await packetwatch(victim, ['states']);
    expect(text.stdout).toMatch(/Arrows were counted since \d{4}-/);
  });

  test('without a program have what the kernel counts by itself', async () => {
    const states = JSON.parse(
      (await packetwatch(rig().scanner, ['states', '--json'])).stdout,
    ) as States;
    expect(states.since_ts).toBeUndefined();
    expect(states.transitions.filter(({ count }) => count !== undefined)).toHaveLength(2);
  });
});

function counted({ transitions }: States, change: string): number {
  const [from, to] = change.split(' ');
  return transitions.find((each) => each.from === from && each.to === to)?.count ?? -1;
}
