import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { rig, type Spec } from '../../test/flow/records.ts';
import type { Flow } from '../flow/flow.ts';
import { ALL_EVENTS } from '../model/events.ts';
import type { JsonConnection, JsonEvent, JsonScan } from '../model/json.ts';
import { TcpState } from '../model/tcp-state.ts';
import { FanOut } from '../sinks/fan-out.ts';
import { JsonSink } from '../sinks/json.ts';
import { Output } from '../sinks/output.ts';
import { Flag } from '../wire/layout.gen.ts';
import { parseFilter } from '../filter/filter.ts';
import type { HistoryQuestion } from './history.ts';
import { MemoryHistory } from './memory-history.ts';

/** 2021-04-28 15:28:05 UTC at 100 s of the monotonic clock. */
const OFFSET_US = (Date.UTC(2021, 3, 28, 15, 28, 5) / 1000 - 100) * 1e6;
const ALL: HistoryQuestion = { filter: undefined, sinceUs: undefined, untilUs: undefined };
const server = { comm: 'nginx', pid: 20, uid: 33, from: 2 };

/** Wall time of a time of the monotonic clock, microseconds. */
const wallUs = (seconds: number): number => seconds * 1e6 + OFFSET_US;
const usOf = (ts: string): number =>
  Date.parse(`${ts.slice(0, 23)}Z`) * 1000 + Number(ts.slice(23, 26));

let flow: Flow;
let feed: (...specs: Spec[]) => void;
let history: MemoryHistory;
let clock: { offsetUs: number };
let nowNs: number;
/** All that was told, as lines. */
let told: () => JsonEvent[];

function begin(capacity: number): void {
  let lines = '';
  clock = { offsetUs: OFFSET_US };
  nowNs = 100e9;
  const names = { iface: () => 'eth0', container: () => undefined };
  const output = new Output({
    target: {
      name: 'test',
      write(bytes, offset, length) {
        lines += Buffer.from(bytes.subarray(offset, offset + length)).toString();
        return length;
      },
    },
  });
  const json = new JsonSink({ output, clock, events: ALL_EVENTS, names, host: 'web1' });
  history = new MemoryHistory({
    clock,
    names,
    host: 'web1',
    seed: 7,
    capacity,
    nowNs: () => nowNs,
    followed: () => flow.table,
  });
  ({ flow, feed } = rig({ listener: new FanOut(json, history) }));
  told = () => {
    json.flush();
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JsonEvent);
  };
}

/** A connection of a client's port: begun, and how it goes on. */
function connection(
  srcPort: number,
  at: number,
  how: 'open' | 'close' | 'refused' | 'attempt',
): void {
  const dstPort = 80 + (srcPort % 3);
  nowNs = Math.max(nowNs, (at + 0.3) * 1e9);
  const common = { srcPort, dstPort, isn: srcPort };
  feed({ kind: 'ATTEMPT', at, ...common });
  clock.offsetUs += 3; // as Clock does
  if (how === 'refused') feed({ kind: 'REFUSED', at: at + 0.1, ...common });
  if (how === 'refused' || how === 'attempt') return;
  const flags = Flag.PASSIVE;
  feed({ kind: 'OPEN', at: at + 0.1, flags, ...common, socket: { ...server, rttUs: srcPort } });
  clock.offsetUs -= 2;
  const state = TcpState.LAST_ACK;
  const socket = { ...server, sent: 100, received: 7, rttUs: srcPort, state };
  if (how === 'close') feed({ kind: 'CLOSE', at: at + 0.2, flags, ...common, socket });
}

/** The last event of each connection within a time, newest first: what `connections` must tell. */
function expected(since: number, until: number): JsonConnection[] {
  const last = new Map<string, JsonConnection>();
  for (const event of told() as JsonConnection[])
    if (usOf(event.ts) >= since && usOf(event.ts) < until) last.set(event.id!, event);
  const order = (one: JsonConnection) => `${one.ts} ${one.id}`;
  return [...last.values()].sort((a, b) => (order(a) < order(b) ? 1 : -1));
}

const HOW = fc.constantFrom('open', 'close', 'refused', 'attempt');
const SCENE = fc.array(fc.record({ how: HOW, gap: fc.integer({ min: 0, max: 900 }) }), {
  minLength: 1,
  maxLength: 40,
});

function play(
  scene: readonly { how: 'open' | 'close' | 'refused' | 'attempt'; gap: number }[],
): void {
  let at = 100;
  for (const [i, { how, gap }] of scene.entries()) connection(1000 + i, (at += gap / 1000), how);
}

describe('connections', () => {
  it('are those of the lines, in pages as well, whatever is asked', async () => {
    await fc.assert(
      fc.asyncProperty(
        SCENE,
        fc.option(fc.integer({ min: 0, max: 12_000 })),
        fc.option(fc.integer({ min: 0, max: 12_000 })),
        fc.integer({ min: 1, max: 50 }),
        async (scene, since, until, limit) => {
          begin(1024);
          play(scene);
          const sinceUs = since === null ? undefined : wallUs(100 + since / 1000);
          const untilUs = until === null ? undefined : wallUs(100 + until / 1000);
          const found: JsonConnection[] = [];
          let cursor: string | undefined;
          do {
            const question = { ...ALL, sinceUs, untilUs, limit, cursor };
            const page = await history.connections(question);
            expect(page.connections.length).toBeLessThanOrEqual(limit);
            found.push(...page.connections);
            cursor = page.more ?? undefined;
          } while (cursor !== undefined);
          expect(found.map(({ id, event, ts }) => [id, event, ts])).toEqual(
            expected(sinceUs ?? 0, untilUs ?? Infinity).map(({ id, event, ts }) => [id, event, ts]),
          );
          // before `until` it may have been known less of a connection than is by now
          const now = until === null ? expected(sinceUs ?? 0, Infinity) : found;
          expect(found).toEqual(now);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that were forgotten are not said to be covered, and all others are there', async () => {
    await fc.assert(
      fc.asyncProperty(SCENE, fc.integer({ min: 1, max: 20 }), async (scene, capacity) => {
        begin(capacity);
        play(scene);
        const question = { ...ALL, limit: 1000, cursor: undefined };
        const { connections, covers } = await history.connections(question);
        const known = new Set(connections.map(({ id, event }) => `${id} ${event}`));
        const missing = expected(0, Infinity).filter(
          ({ id, event }) => !known.has(`${id} ${event}`),
        );
        for (const { ts } of missing)
          expect(usOf(ts)).toBeLessThanOrEqual(usOf(covers.since_ts) + 10);
      }),
      { numRuns: 60 },
    );
  });

  it('that pass a filter', async () => {
    begin(64);
    for (let port = 1000; port < 1009; port++) connection(port, port - 900, 'close');
    const filter = parseFilter('dst port 81');
    const { connections } = await history.connections({
      ...ALL,
      filter,
      limit: 10,
      cursor: undefined,
    });
    expect(connections.map(({ src_port }) => src_port)).toEqual([1006, 1003, 1000]);
  });

  it('that go on are told when they are older than all that is remembered', async () => {
    begin(4);
    connection(1000, 100, 'open');
    for (let port = 1001; port < 1009; port++) connection(port, port - 890, 'close');
    const { connections } = await history.connections({ ...ALL, limit: 10, cursor: undefined });
    expect(connections.map(({ src_port, event }) => [src_port, event])).toEqual([
      [1008, 'connection.close'],
      [1007, 'connection.close'],
      [1006, 'connection.close'],
      [1005, 'connection.close'],
      [1000, 'connection.open'],
    ]);
    const story = await history.story(connections.at(-1)!.id!);
    expect(story!.connection).toEqual(connections.at(-1));
  });

  it('of more than an hour ago are not told', async () => {
    begin(64);
    connection(1000, 100, 'close');
    connection(1001, 200, 'close');
    nowNs = (100 + 3601) * 1e9;
    const { connections, covers } = await history.connections({
      ...ALL,
      limit: 10,
      cursor: undefined,
    });
    expect(connections.map(({ src_port }) => src_port)).toEqual([1001]);
    expect(usOf(covers.since_ts)).toBeCloseTo(wallUs(101), -2);
  });

  it.each(['', 'x', '1.2', '1.2.3.4', '-1.0.0', 'ZZ.1.1', '1'.repeat(60)])(
    'after the cursor %j: bad usage',
    async (cursor) => {
      begin(4);
      const answer = history.connections({ ...ALL, limit: 1, cursor });
      await expect(answer).rejects.toThrow('is no cursor');
    },
  );
});

describe('a story', () => {
  beforeEach(() => begin(64));

  it('is all that was told of a connection, with the same times', async () => {
    connection(1000, 100, 'close');
    connection(1001, 101, 'refused');
    for (const port of [1000, 1001]) {
      const events = (told() as JsonConnection[]).filter(({ src_port }) => src_port === port);
      const story = await history.story(events[0]!.id!);
      expect(story!.events.map(({ event, ts }) => [event, ts])).toEqual(
        events.map(({ event, ts }) => [event, ts]),
      );
      expect(story!.connection).toEqual(events.at(-1));
      expect(story!.events[0]!.outcome).toBeUndefined();
    }
  });

  it('goes on when the connection comes back after its end', async () => {
    feed({ kind: 'ATTEMPT', at: 100 });
    flow.tick(103e9);
    feed({ kind: 'OPEN', at: 103.2, flags: Flag.PASSIVE, socket: server });
    nowNs = 104e9;
    const [{ id } = { id: '' }] = told() as JsonConnection[];
    const story = await history.story(id!);
    expect(story!.events.map(({ event }) => event)).toEqual([
      'connection.attempt',
      'connection.timeout',
      'connection.open',
    ]);
  });

  it('of an unknown one is none', async () => {
    expect(await history.story('0000000000000000')).toBeUndefined();
  });
});

it('edges are the sums of the connections', async () => {
  begin(64);
  for (let port = 1000; port < 1010; port++)
    connection(port, port - 900, port < 1007 ? 'close' : 'refused');
  const { edges, more } = await history.edges(ALL);
  expect(more).toBe(0);
  expect(edges).toMatchObject([
    // of ports 1000, 1003, 1006 and 1009, the last of which was refused
    {
      client: '192.0.2.56',
      server: '10.0.0.5',
      port: 81,
      connections: 4,
      failed: 1,
      orig_bytes: 21,
      resp_bytes: 300,
      rtt_us: 1003,
    },
    { port: 80, connections: 3, failed: 1, orig_bytes: 14, resp_bytes: 200, rtt_us: 1005 },
    { port: 82, connections: 3, failed: 1, orig_bytes: 14, resp_bytes: 200, rtt_us: 1004 },
  ]);
  expect(edges[0]).toMatchObject({ local: 'server', process: 'nginx', proto: 'tcp' });
  expect(usOf(edges[0]!.last_ts)).toBeCloseTo(wallUs(109.1), -3);
});

it('an edge within the host has the processes of both ends, of whichever connection they are known', async () => {
  begin(64);
  const curl = { comm: 'curl', pid: 812, from: 1 };
  feed({ kind: 'ATTEMPT', at: 100, isn: 1, socket: curl });
  feed({ kind: 'ATTEMPT', at: 101, isn: 2, srcPort: 77, socket: curl });
  feed({ kind: 'OPEN', at: 101, isn: 2, srcPort: 77, socket: curl });
  feed({ kind: 'OPEN', at: 101, isn: 2, srcPort: 77, flags: Flag.PASSIVE, socket: server });
  feed({ kind: 'ATTEMPT', at: 102, isn: 3, srcPort: 78, socket: curl });
  nowNs = 103e9;
  const { edges } = await history.edges(ALL);
  expect(edges).toMatchObject([
    { connections: 3, local: 'both', process: 'curl', resp_process: 'nginx' },
  ]);
});

it('of more edges than are told those with most connections are', async () => {
  begin(2048);
  for (let n = 0; n < 600; n++) {
    feed({ kind: 'ATTEMPT', at: 100, dstPort: 1000 + n });
    if (n % 2 === 0) feed({ kind: 'ATTEMPT', at: 100, dstPort: 1000 + n, srcPort: 77 });
  }
  const { edges, more } = await history.edges(ALL);
  expect([edges.length, more]).toEqual([500, 100]);
  expect(edges.slice(0, 300).every(({ connections }) => connections === 2)).toBe(true);
});

describe('scans', () => {
  const scan = (n: number, at: number, ports: number[]): Spec => ({
    kind: 'SCAN',
    at,
    src: `198.51.${n >> 8}.${n & 255}`,
    verdict: { ports, scan: 'VERTICAL', first: at },
  });
  const ask = (asked: Partial<HistoryQuestion> = {}, limit = 1000, cursor?: string) =>
    history.scans({ ...ALL, ...asked, limit, cursor });
  beforeEach(() => begin(4));

  it('are told as they were last, with their start', async () => {
    feed(scan(1, 100, [1, 2, 3, 4]), scan(2, 101, [1, 2, 3, 4]));
    feed(scan(1, 102, [1, 2, 3, 4, 5, 6, 7, 8]));
    nowNs = 103e9;
    const lines = told().filter(({ event }) => event === 'scan') as JsonScan[];
    const { scans } = await ask();
    expect(scans).toEqual([
      { ...lines[2], first: lines[0] },
      { ...lines[1], first: lines[1] },
    ]);
    flow.stop(103e9);
    expect((await ask()).scans.map(({ state }) => state)).toEqual(['end', 'end']);
  });

  it('by filter and time', async () => {
    feed(scan(1, 100, [1, 2, 3, 4]), scan(2, 101, [1, 2, 3, 4]));
    nowNs = 102e9;
    const found = async (asked: Partial<HistoryQuestion>) =>
      (await ask(asked)).scans.map(({ src_ip }) => src_ip);
    expect(await found({ filter: parseFilter('src host 198.51.0.1') })).toEqual(['198.51.0.1']);
    expect(await found({ filter: parseFilter('dst port 9') })).toEqual([]);
    expect(await found({ sinceUs: wallUs(100.5) })).toEqual(['198.51.0.2']);
    expect(await found({ untilUs: wallUs(100.5) })).toEqual(['198.51.0.1']);
  });

  it('are forgotten from the oldest on, and asked for in pages', async () => {
    for (let n = 0; n < 1500; n++) feed(scan(n, 100 + n / 100, [1, 2, 3, 4]));
    nowNs = 120e9;
    const { scans, covers } = await ask({}, 1000);
    expect(scans[0]!.src_ip).toBe('198.51.5.219');
    const whole = await ask({}, 600);
    const rest = await ask({}, 1000, whole.more!);
    expect([whole.scans.length, rest.more]).toEqual([600, null]);
    expect([...whole.scans, ...rest.scans].slice(0, 1000)).toEqual(scans);
    expect(usOf(covers.since_ts)).toBeGreaterThan(wallUs(100));
  });
});

describe('floods that the kernel summed', () => {
  const sum = (n: number): Spec => ({
    kind: 'SUM',
    at: 100 + n / 1000,
    src: '::',
    srcPort: 0,
    dst: '10.0.0.5',
    dstPort: 80,
    count: n + 1,
  });
  const ask = (limit: number, cursor?: string) =>
    history.connections({ ...ALL, limit, cursor, filter: parseFilter('dst port 80') });

  it('are told among the connections, and the oldest are forgotten', async () => {
    begin(4);
    connection(1002, 99, 'attempt'); // to port 80
    for (let n = 0; n < 8200; n++) feed(sum(n));
    nowNs = 110e9;
    const first = await ask(1000);
    expect(first.connections.map(({ count }) => count).slice(0, 2)).toEqual([8200, 8199]);
    const lines = told() as JsonConnection[];
    expect(first.connections[0]).toEqual(lines.at(-1));
    let found = first.connections.length;
    for (let { more } = first; more !== null; ) {
      const page = await ask(1000, more);
      found += page.connections.length;
      more = page.more;
    }
    expect(found).toBe(8192 + 1);
    expect(usOf(first.covers.since_ts)).toBeCloseTo(wallUs(100.007), -1);
  });
});

it('blocks are forgotten from the oldest on, and told for an hour', async () => {
  begin(4);
  for (let n = 0; n < 1030; n++)
    feed({ kind: 'BLOCK', at: 100 + n, src: `198.51.${n >> 8}.${n & 255}`, verdict: {} });
  nowNs = 1200e9;
  const ask = async () => history.blocks({ ...ALL, limit: 1000, cursor: undefined });
  const { blocks, more, covers } = await ask();
  expect([blocks[0]!.src_ip, blocks.length]).toEqual(['198.51.4.5', 1000]);
  const rest = await history.blocks({ ...ALL, limit: 1000, cursor: more! });
  expect([rest.blocks.length, rest.blocks.at(-1)!.src_ip, rest.more]).toEqual([
    24,
    '198.51.0.6',
    null,
  ]);
  expect(usOf(covers.since_ts)).toBeCloseTo(wallUs(105), -1);
  nowNs = (1129 + 3600) * 1e9;
  expect((await ask()).blocks.map(({ src_ip }) => src_ip)).toEqual(['198.51.4.5']);
});
