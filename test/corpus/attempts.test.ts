/** The attempts in captures that nobody here made, against what an independent analyser sees in them. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CaptureFiles } from '../../src/sources/capture-files.ts';
import { CaptureInput } from '../../src/sources/capture-input.ts';
import { CaptureRecords } from '../../src/sources/capture-records.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { corpus, corpusFiles, newScore, score, setOf } from './expected.ts';
import { AttemptKeys } from './attempt-keys.ts';

const folder = corpus();
const define = folder === undefined ? skipped : () => tests(folder);
describe('attempts in public captures', () => {
  define();
});

function skipped(): void {
  // oxlint-disable-next-line vitest/expect-expect -- it only says why nothing is expected
  test('need their folder', (context) => context.skip('PACKETWATCH_CORPUS names no corpus'));
}

function tests(place: string): void {
  const files = corpusFiles(place);

  const sets = [...new Set(files.map(setOf))];
  test.each(
    sets.flatMap((set) => [
      { set, what: 'none missing, none made up', verify: false },
      { set, what: 'none left out for its checksum', verify: true },
    ]),
  )('$set: $what', async ({ set, verify }) => {
    const all = newScore();
    for (const file of files.filter((one) => setOf(one) === set)) {
      const writer = new RecordWriter();
      const records = new CaptureRecords(writer, verify);
      const keys = new AttemptKeys();
      const input = new CaptureInput(join(place, file.path), 65_536);
      const taker = {
        packet: (bytes: Uint8Array, packet: CaptureInput['packet']) => {
          if (records.take(bytes, packet)) keys.take(writer);
          writer.clear();
          return false;
        },
        records: () => false,
        pause: () => undefined,
        ended: () => undefined,
      };
      await new CaptureFiles([input], taker).run();
      score(file, keys.all, all);
    }
    expect(all.missing).toEqual([]);
    expect(all.surplus).toEqual([]);
    expect(all.expected).toBeGreaterThan(0);
  });
}
