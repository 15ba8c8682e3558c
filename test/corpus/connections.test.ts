/** The connections in captures that nobody here made, against what Zeek's own tests expect of them. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CaptureFiles } from '../../src/sources/capture-files.ts';
import { CaptureInput } from '../../src/sources/capture-input.ts';
import { CaptureRecords } from '../../src/sources/capture-records.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { takeTold, type Told } from '../track/told.ts';
import { type ConnectionTold, newConnectionScore, scoreConnections } from './connections.ts';
import { corpus, corpusFiles } from './expected.ts';

const folder = corpus();

describe('connections in public captures', () => {
  test('are as Zeek has them', async (context) => {
    if (folder === undefined) {
      context.skip('PACKETWATCH_CORPUS names no corpus');
      return;
    }
    const all = newConnectionScore();
    for (const file of corpusFiles(folder))
      if (file.connections) scoreConnections(file, await toldOf(join(folder, file.path)), all);
    expect(all.unexplained).toEqual([]);
    expect(all.rows).toBeGreaterThan(40);
    expect(all.aside.length + all.explained.length).toBeLessThan(5);
  });
});

async function toldOf(path: string): Promise<ConnectionTold[]> {
  const writer = new RecordWriter();
  const tracker = new Tracker({ writer, seed: 42, maxConnections: 10_000 });
  const records = new CaptureRecords(writer, false, tracker);
  const told: Told[] = [];
  const taker = {
    packet: (bytes: Uint8Array, packet: CaptureInput['packet']) => {
      records.take(bytes, packet);
      told.push(...takeTold(writer, 0));
      return false;
    },
    records: () => false,
    pause: () => undefined,
    ended: () => undefined,
  };
  await new CaptureFiles([new CaptureInput(path, 65_536)], taker).run();
  while (tracker.stop()) told.push(...takeTold(writer, 0));
  told.push(...takeTold(writer, 0));
  return told
    .filter(({ kind }) => kind === 'ended')
    .map(({ conn, state, history, bytes, duration }) => ({
      ends: conn.replace(' > ', ' ').replaceAll(/:(\d+)(?= |$)/g, ' $1'),
      conn_state: state,
      history,
      bytes,
      duration,
    }));
}
