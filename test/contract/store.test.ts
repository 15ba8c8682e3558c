/** What a store has no room for, or is too old, goes; and one that hangs is waited for as long as is said. */
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { PageQuestion } from '../../src/store/history.ts';
import type { Retention } from '../../src/store/messages.ts';
import { openHistory } from '../../src/store/open-history.ts';
import { QUEUE_LIMIT, type StoreQueue } from '../../src/store/queue.ts';
import { Store, STORE_DEFAULTS } from '../../src/store/store.ts';
import { until } from '../support/command.ts';
import { MAIN } from '../support/rig.ts';
import { breakFiles, storeMissing } from '../support/store.ts';

/** Lines of so many connections of one moment, and how long a name in each. @returns how many there was room for */
function tell({ queue }: Store, first: number, count: number, ts: string, long = 0): number {
  let told = 0;
  for (let i = first; i < first + count; i++) {
    const id = i.toString(16).padStart(16, '0');
    const line = `{"ts":"${ts}","event":"connection.attempt","id":"${id}","src_ip":"192.0.2.1","src_port":${i % 65_536},"dst_ip":"::1","dst_port":80,"proto":"tcp","direction":"inbound","orig_name":"${'n'.repeat(long)}"}`;
    if (tellLine(queue, line)) told++;
  }
  return told;
}

/** @returns there was room for it */
function tellLine(queue: StoreQueue, text: string): boolean {
  const line = Buffer.from(`${text}\n`);
  if (!queue.reserve(line.length)) return false;
  queue.bytes.set(line, queue.pos);
  queue.commit(queue.pos + line.length);
  return true;
}

const stored = (store: Store) =>
  until('everything is stored', () => {
    store.look(true);
    return store.queue.waiting === 0;
  });

const minutesAgo = (n: number): string =>
  new Date(Date.now() - n * 60_000).toISOString().replace('Z', '000Z');

const ALL: PageQuestion = {
  filter: undefined,
  sinceUs: undefined,
  untilUs: undefined,
  limit: 1000,
  cursor: undefined,
};

let directory: string;
beforeEach((context) => {
  const missing = storeMissing();
  if (missing !== undefined) context.skip(missing);
  directory = mkdtempSync(join(tmpdir(), 'packetwatch-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

async function open(
  retention: Partial<Retention>,
  note = (line: string): void => {
    throw new Error(line);
  },
): Promise<Store> {
  const config = { directory, program: MAIN, retention: { ...STORE_DEFAULTS, ...retention } };
  const store = new Store(config, note);
  onTestFinished(() => store.stop());
  store.start();
  await until('an open store', () => store.isOpen);
  return store;
}

test('the oldest parts go beyond the size', async () => {
  const large = await open({});
  tell(large, 1, 500, minutesAgo(2 * 24 * 60)); // parts of two days are never merged
  await stored(large);
  tell(large, 501, 10, minutesAgo(10));
  await stored(large);
  const all = await until('its size', () => {
    const { rows, bytes } = large.counts();
    return rows === 510 ? bytes : undefined;
  });
  await large.stop();

  const small = await open({ maxBytes: all - 1 });
  await until('less', () => small.counts().rows > 0 && small.counts().rows < 510);
  expect((await small.history.connections(ALL)).connections).toHaveLength(10);
  expect(small.counts().bytes).toBeLessThan(all);
});

test('parts that are broken go first beyond the size', async () => {
  const whole = await open({});
  tell(whole, 1, 500, minutesAgo(10));
  await stored(whole);
  await whole.stop();
  breakFiles(directory, /\.(?:bin|cmrk\d?)$/);

  const notes: string[] = [];
  const note = (line: string) => notes.push(line);
  const large = await open({}, note);
  const all = await until('its size', () => large.counts().bytes || undefined);
  expect([large.counts().rows, all > 5000]).toEqual([0, true]);
  tell(large, 501, 10, minutesAgo(9));
  await stored(large);
  await large.stop();
  const small = await open({ maxBytes: all - 1 }, note);
  await until('less', () => small.counts().rows === 10 && small.counts().bytes < all);
  await small.stop();
  const again = await open({});
  expect((await again.history.connections(ALL)).connections).toHaveLength(10);
  expect(notes).toEqual(
    Array(2).fill(
      expect.stringMatching(/^1 parts of the store in \S+ are broken and were set aside/),
    ),
  );
});

test('what is too old goes, also when the store was told later how long it keeps', async () => {
  const keeping = await open({});
  tell(keeping, 1, 500, minutesAgo(2 * 24 * 60));
  tell(keeping, 501, 10, minutesAgo(10));
  await stored(keeping);
  expect((await keeping.history.connections(ALL)).connections).toHaveLength(510);
  await keeping.stop();

  const forgetting = await open({ keepSeconds: 86_400 });
  tell(forgetting, 1001, 500, minutesAgo(3 * 24 * 60));
  await stored(forgetting);
  await until('less', () => forgetting.counts().rows === 10);
  const { connections } = await forgetting.history.connections(ALL);
  expect(connections.map(({ src_port }) => src_port)).toContain(510);
  expect(connections).toHaveLength(10);
});

test('one that hangs: events wait, then are lost and counted; then it is started again', async () => {
  const notes: string[] = [];
  const store = await open({}, (line) => notes.push(line));
  const { pid = 0 } = store.counts();
  const now = performance.now.bind(performance);
  let laterMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now() + laterMs);
  onTestFinished(() => {
    vi.restoreAllMocks();
  });

  process.kill(pid, 'SIGSTOP');
  const some = tell(store, 1, 10, minutesAgo(1));
  store.look(true);
  laterMs += 9000;
  store.look();
  expect(notes).toEqual([]);
  laterMs += 2000;
  store.look();
  expect(notes).toEqual([
    `cannot keep events in ${directory}: its process ${pid} does not answer: they wait in memory and then are lost, until it can`,
  ]);
  await expect(store.history.connections(ALL)).rejects.toThrow(
    `the store in ${directory} can't answer: its process ${pid} does not answer`,
  );

  const waiting = some + tell(store, 100, 9000, minutesAgo(0), 4000);
  const { lost } = store.counts();
  expect([waiting + lost, lost > 0]).toEqual([9010, true]);
  expect(store.queue.bytes.length).toBeLessThanOrEqual(QUEUE_LIMIT);

  process.kill(pid, 'SIGCONT');
  await stored(store);
  expect(store.counts()).toMatchObject({ kept: waiting, lost, state: 'open', pid });
  expect(notes.slice(1)).toEqual([`events are kept in ${directory} again; ${lost} were lost`]);

  process.kill(pid, 'SIGSTOP');
  tell(store, 20_000, 5, minutesAgo(0));
  store.look(true);
  laterMs += 121_000;
  store.look();
  laterMs += 1000; // before which it isn't started again
  await stored(store);
  const again = store.counts();
  expect(again).toMatchObject({ kept: waiting + 5, lost, state: 'open' });
  expect(again.pid).not.toBe(pid);
  await until('its size', () => store.counts().rows === waiting + 5);
});

test('at the end one that ended is started again, and stores what waits', async () => {
  const notes: string[] = [];
  const store = await open({}, (line) => notes.push(line));
  process.kill(store.counts().pid!, 'SIGKILL');
  await until('its end', () => notes.length > 0);
  tell(store, 1, 5, minutesAgo(1));
  await store.stop();
  expect(store.counts()).toMatchObject({ kept: 5, waiting: 0, lost: 0 });
  expect(notes.slice(1)).toEqual([`events are kept in ${directory} again; 0 were lost`]);
});

test('of more lines of scans than are read at once, each scan and block is told once', async () => {
  const store = await open({});
  const startMs = Date.now() - 600_000;
  let ms = startMs;
  const line = (event: string, src: string, rest: object) => {
    const ts = new Date(ms++).toISOString().replace('Z', '000Z');
    const fields = { ts, event, src_ip: src, ...rest };
    expect(tellLine(store.queue, JSON.stringify(fields))).toBe(true);
  };
  const scan = (src: string, state: string, port_count = 4) =>
    line('scan', src, { state, dst_ip: '::1', kind: 'vertical', ports: [1, 2, 3, 4], port_count });
  line('block', '192.0.2.3', { reason: 'command' });
  scan('192.0.2.1', 'start');
  scan('192.0.2.1', 'end');
  scan('192.0.2.2', 'start');
  for (let i = 0; i < 20_000; i++) scan('192.0.2.2', 'update', i);
  scan('192.0.2.2', 'end');
  scan('192.0.2.3', 'start');
  await stored(store);

  const first = await store.history.scans({ ...ALL, limit: 2 });
  expect(first.scans.map(({ src_ip, state }) => [src_ip, state])).toEqual([
    ['192.0.2.3', 'start'],
    ['192.0.2.2', 'end'],
  ]);
  expect(Date.parse(first.scans[1]!.first!.ts)).toBe(startMs + 3);
  const rest = await store.history.scans({ ...ALL, cursor: first.more! });
  expect(rest.scans.map(({ src_ip, state }) => [src_ip, state])).toEqual([['192.0.2.1', 'end']]);
  expect(rest.more).toBeNull();

  const none = await store.history.blocks(ALL);
  expect([none.blocks.length, typeof none.more]).toEqual([0, 'string']);
  const { blocks, more } = await store.history.blocks({ ...ALL, cursor: none.more! });
  expect([...blocks.map(({ src_ip }) => src_ip), more]).toEqual(['192.0.2.3', null]);
});

test('who asks for the store of another user is told to ask as that one', async (context) => {
  if (process.geteuid!() !== 0) context.skip('needs root');
  mkdirSync(join(directory, 'chdb'));
  chownSync(directory, 4242, 4242);
  await expect(openHistory(directory, MAIN, () => {})).rejects.toMatchObject({
    message: `${directory} belongs to user 4242, and this is user 0`,
    hint: expect.stringMatching(/^ask as that user: sudo -u '#4242' packetwatch query/) as string,
  });
});
