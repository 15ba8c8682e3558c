import { slugOf } from './entry.ts';
import { EVENTS } from './events.ts';

/** Events that the glossary knows: those of a stranger's plugin it doesn't. */
const SLUGS: ReadonlyMap<string, string> = new Map(EVENTS.map(({ term, slug }) => [term, slug]));

/** What explains a scan of that kind and says what to do about it. */
export function scanRunbook(kind: string): string {
  return runbook(`scan-${kind}`);
}

/** The same of a loss, by the place where: `attempts`, `plugin.NAME`. */
export function lossRunbook(where: string): string {
  return runbook(`loss-${slugOf(where.startsWith('plugin.') ? 'plugin' : where)}`);
}

/** The same of other events; undefined: there is none. */
export function eventRunbook(event: string): string | undefined {
  const slug = SLUGS.get(event);
  return slug === undefined ? undefined : runbook(slug);
}

/**
 * A command, since there is no page to link to: it works wherever the program is installed, and tells what that
 * version means. Its last word is the anchor in docs/glossary.md as well.
 */
function runbook(slug: string): string {
  return `packetwatch explain ${slug}`;
}
