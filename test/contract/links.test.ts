/** Every link of a page to another one, or to a heading, leads somewhere. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const pages = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).trim().split('\n');
const LINK = /\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)/g;

test('links of the pages lead somewhere', () => {
  const links = pages.flatMap((page) =>
    [...proseOf(page).matchAll(LINK)].map(([text, path = '', anchor]) => ({
      text: `${page}: ${text}`,
      target: path === '' ? page : join(dirname(page), path),
      anchor,
    })),
  );
  expect(links.length).toBeGreaterThan(100);
  const broken = links.filter(
    ({ target, anchor }) =>
      !existsSync(target) || (anchor !== undefined && !anchorsOf(target).has(anchor)),
  );
  expect(broken.map(({ text }) => text)).toEqual([]);
});

/** What is in fences is no link and no heading. */
function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replaceAll(/^```.*?^```$/gms, '');
}

const known = new Map<string, Set<string>>();

/** As GitHub makes them of headings; a page may have its own besides. */
function anchorsOf(page: string): Set<string> {
  const before = known.get(page);
  if (before) return before;
  const text = proseOf(page);
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const own = [...text.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id);
  const anchors = new Set([...headings, ...own]);
  known.set(page, anchors);
  return anchors;
}
