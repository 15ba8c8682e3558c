/** Twenty thousand short connections in a few seconds: each is told whole, and every sum holds. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import type { Event, Status, Watch } from '../support/packetwatch.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { lived } from './connections.ts';
import { load, type LoadOptions, type Made, serve, toldOf, wrongOnes } from './load.ts';

const COUNT = 10_000;
const INWARD: LoadOptions = load4(VICTIM[4], 'client');
const OUTWARD: LoadOptions = load4(SCANNER[4], 'server');

suite('many connections', [], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '-o', 'json']);
  let inward: Made[];
  let outward: Made[];
  let status: Status;
  beforeAll(async () => {
    await Promise.all([serve(rig().victim, INWARD), serve(rig().scanner, OUTWARD)]);
    [inward, outward] = await Promise.all([
      load(rig().scanner, INWARD),
      load(rig().victim, OUTWARD),
    ]);
    status = await settled(watch());
  });

  test('in are told whole, each once', () => {
    const told = toldOf([watch()], VICTIM[4]);
    expect(inward).toHaveLength(COUNT);
    expect(wrongOnes(inward, told, isWhole('inbound'))).toEqual([]);
    expect([...told.values()].flat()).toHaveLength(COUNT);
  });

  test('out are told whole, each once', () => {
    const told = toldOf([watch()], SCANNER[4]);
    expect(outward).toHaveLength(COUNT);
    expect(wrongOnes(outward, told, isWhole('outbound'))).toEqual([]);
    expect([...told.values()].flat()).toHaveLength(COUNT);
  });

  test('add up: what each stage took is what it passed on and lost', () => {
    const { kernel, source_counts: source, flow, output } = status;
    expect(source.lost).toEqual(Object.fromEntries(Object.keys(source.lost).map((k) => [k, 0])));
    expect(kernel['attempts']).toBe(
      kernel['attempts_reported']! +
        kernel['attempts_summed']! +
        kernel['attempts_lost']! +
        kernel['attempts_dropped']!,
    );
    expect(kernel['attempts_reported']).toBe(COUNT);
    expect(kernel['outbound_reported']).toBe(COUNT);
    expect(kernel['sockets_reported']).toBe(2 * 2 * COUNT);
    const { existing, ...kinds } = flow.records;
    const taken = Object.values(kinds).reduce((sum, kind) => sum + kind.taken, 0);
    expect(source.records).toBe(taken);
    for (const kind of [...Object.values(kinds), existing!])
      expect(kind.taken).toBe(kind.applied + kind.merged + kind.late);
    const { events } = flow;
    expect(events['connection.attempt']).toBe(kinds['attempt']!.applied + flow.inferred);
    expect(events['connection.attempt']! + flow.existing + flow.revived).toBe(
      events['connection.refused']! +
        events['connection.timeout']! +
        events['connection.reset']! +
        events['connection.close']! +
        flow.forwarded +
        flow.evicted +
        flow.live,
    );
    expect(output.lines).toBe(Object.values(events).reduce((sum, count) => sum + count, 0));
    expect(flow.unopened).toBe(0);
    expect(output.lost).toBe(0);
    expect(watch().lines).toHaveLength(output.lines);
  });

  test('and how often the kernel skipped a program is told', async () => {
    const { pid, skips } = await watch().status();
    expect(Object.keys(skips!)).toEqual(['state', 'state-again', 'destroy', 'send', 'receive']);
    const told = Object.values(skips!).reduce((sum, count) => sum + count, 0);
    expect(told).toBe(skippedBy(pid));
  });
});

/** What the kernel says of all programs that a process has (proc(5), fdinfo). */
function skippedBy(pid: number): number {
  const all = readdirSync(`/proc/${pid}/fdinfo`).map((fd) =>
    readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'),
  );
  const skipped = all.map((text) => Number(/^recursion_misses:\s+(\d+)/m.exec(text)?.[1] ?? 0));
  return skipped.reduce((sum, count) => sum + count, 0);
}

function load4(host: string, first: 'client' | 'server'): LoadOptions {
  return { host, first, ports: [4000, 4001, 4002, 4003], count: COUNT, rate: 0 };
}

/** The status once every line it counts has arrived and no connection is open. */
function settled(watch: Watch): Promise<Status> {
  return until('all lines', async () => {
    const status = await watch.status();
    const done = status.flow.live === 0 && watch.lines.length === status.output.lines;
    return done ? status : undefined;
  });
}

/** With attempt, open and close, and with everything that is to be known. */
function isWhole(direction: string): (events: readonly Event[]) => boolean {
  return (events) => {
    const close = events.at(-1)!;
    return (
      lived(events) === 'attempt open close' &&
      close.direction === direction &&
      close.outcome === 'ok' &&
      close.conn_state === 'SF' &&
      close.process === 'python3' &&
      close.pid !== undefined
    );
  };
}
