/** What a store has no room for goes, the oldest first. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Store, STORE_DEFAULTS } from '../../src/store/store.ts';
import { until } from '../support/command.ts';
import { MAIN } from '../support/rig.ts';
import { storeMissing } from '../support/store.ts';

/** Lines of so many connections of one moment. */
function tell({ queue }: Store, first: number, count: number, ts: string): void {
  for (let i = first; i < first + count; i++) {
    const id = i.toString(16).padStart(16, '0');
    const line = Buffer.from(
      `{"ts":"${ts}","event":"connection.attempt","id":"${id}","src_ip":"192.0.2.1","src_port":${i},"dst_ip":"::1","dst_port":80,"proto":"tcp","direction":"inbound"}\n`,
    );
    if (!queue.reserve(line.length)) throw new Error('no room');
    queue.bytes.set(line, queue.pos);
    queue.commit(queue.pos + line.length);
  }
}

const stored = (store: Store) =>
  until('everything is stored', () => {
    store.look(true);
    return store.queue.waiting === 0;
  });

const minutesAgo = (n: number): string =>
  new Date(Date.now() - n * 60_000).toISOString().replace('Z', '000Z');

test('the oldest parts go beyond the size', async (context) => {
  const missing = storeMissing();
  if (missing !== undefined) context.skip(missing);
  const directory = mkdtempSync(join(tmpdir(), 'packetwatch-size-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const open = async (maxBytes: number): Promise<Store> => {
    const store = new Store({ ...STORE_DEFAULTS, directory, maxBytes, program: MAIN }, (line) => {
      throw new Error(line);
    });
    store.start();
    await until('an open store', () => store.isOpen);
    return store;
  };
  const large = await open(STORE_DEFAULTS.maxBytes);
  tell(large, 1, 500, minutesAgo(2 * 24 * 60)); // parts of two days are never merged
  await stored(large);
  tell(large, 501, 10, minutesAgo(10));
  await stored(large);
  const all = await until('its size', () => {
    const { rows, bytes } = large.counts();
    return rows === 510 ? bytes : undefined;
  });
  await large.stop();

  const small = await open(all - 1);
  await until('less', () => small.counts().rows > 0 && small.counts().rows < 510);
  const { connections } = await small.history.connections({
    filter: undefined,
    sinceUs: undefined,
    untilUs: undefined,
    limit: 1000,
    cursor: undefined,
  });
  expect(connections).toHaveLength(10);
  expect(small.counts().bytes).toBeLessThan(all);
  await small.stop();
});
