import type { Entry } from '../../../src/model/glossary/entry.ts';
import { get } from './http.ts';

let asked: Promise<ReadonlyMap<string, Entry>> | undefined;

/** All entries by their slug; asked for once, when the first is looked up. */
export function glossary(): Promise<ReadonlyMap<string, Entry>> {
  asked ??= get<{ entries: readonly Entry[] }>('/glossary').then(
    ({ entries }) => new Map(entries.map((entry) => [entry.slug, entry])),
  );
  // Not kept when it failed: the next look asks again
  asked.catch(() => (asked = undefined));
  return asked;
}
