/** What the first bytes of connections say in captures that nobody here made. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PassiveNames } from '../../src/payload/passive-names.ts';
import { corpus, corpusFiles } from './expected.ts';
import { metadataOf } from './metadata-of.ts';
import { ZEEK_LOGS } from './zeek-logs.ts';

const folder = corpus();
const define = folder === undefined ? skipped : () => tests(folder);
describe('applications in public captures', () => {
  define();
});

function skipped(): void {
  // oxlint-disable-next-line vitest/expect-expect -- it only says why nothing is expected
  test('need their folder', (context) => context.skip('PACKETWATCH_CORPUS names no corpus'));
}

function tests(place: string): void {
  test.each(ZEEK_LOGS)('%s, %s to %s, as Zeek says', async (path, originator, responder, said) => {
    const all = await metadataOf(join(place, path));
    const ends = new Set([`${originator} ${responder}`, `${responder} ${originator}`]);
    const here = all.find((one) => ends.has(one.ends.slice(one.ends.indexOf(' ') + 1)));
    expect(here?.metadata).toMatchObject(said);
  });

  test('every file ends, and many say something', async () => {
    const services = new Map<string | undefined, number>();
    const names = new PassiveNames();
    for (const { path } of corpusFiles(place))
      for (const { metadata } of await metadataOf(join(place, path), names))
        services.set(metadata.service, (services.get(metadata.service) ?? 0) + 1);
    for (const service of ['ssl', 'http', 'dns', 'ssh'])
      expect(services.get(service)).toBeGreaterThan(20);
    expect(names.size).toBeGreaterThan(20);
  });
}
