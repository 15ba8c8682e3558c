/** `packetwatch explain` as its users start it. */
import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/model/glossary/entry.ts';
import { GLOSSARY } from '../../src/model/glossary/glossary.ts';
import { wrapped } from '../../src/cli/wrap.ts';
import { run } from '../support/command.ts';
import { MAIN } from '../support/rig.ts';

describe.concurrent('explain', () => {
  beforeEach((context) => {
    if (!existsSync(MAIN)) context.skip('dist/cli/main.js is not there: make build');
  });

  const explain = (...args: string[]) => run([process.execPath, MAIN, 'explain', ...args]);

  test('tells what a term means and what to do, no wider than 80 columns', async () => {
    const { code, stdout, stderr } = await explain('close', 'wait');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^CLOSE-WAIT \(TCP state; also CLOSE_WAIT, 08, state 8\)\n {2}The peer/);
    expect(stdout).toMatch(/\n {2}What to do: Find the process \(`ss -tnp state close-wait`\)/);
    expect(stdout).toMatch(/\n {2}In docs\/glossary\.md: #state-close-wait\n$/);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('--json has the entries as they are', async () => {
    const { stdout } = await explain('--json', 'reset');
    const told = stdout.trim().split('\n');
    const slugs = told.map((line) => (JSON.parse(line) as Entry).slug);
    expect(slugs).toEqual(['outcome-reset', 'flag-rst', 'event-connection-reset']);
    const all = await explain('--json');
    expect(all.stdout.trim().split('\n')).toHaveLength(GLOSSARY.length);
  });

  test('alone it lists every term', async () => {
    const { code, stdout } = await explain();
    expect(code).toBe(0);
    const words = stdout.replace(/\s+/g, ' ');
    expect(GLOSSARY.filter(({ term }) => !words.includes(term))).toEqual([]);
  });

  test('an unknown term is one line with the nearest ones, and exit code 1', async () => {
    expect(await explain('tiem-wait')).toEqual({
      code: 1,
      stdout: '',
      stderr: "packetwatch: 'tiem-wait' is not in the glossary: did you mean TIME-WAIT?\n",
    });
    const { code, stderr } = await explain(`\u001b[2J${'\n'.repeat(3)}${'x'.repeat(100_000)}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^packetwatch: '\\u001b\[2J/);
    expect(stderr.length).toBeLessThan(200);
  });

  test.each([
    ['a full disk', '"$@" >/dev/full', 'no space left on the device (ENOSPC)'],
    ['what is not open for writing', '"$@" 1</dev/null', 'it is not open for writing (EBADF)'],
  ])('to %s: one line, exit code 1', async (_, shell, why) => {
    const argv = ['bash', '-c', shell, 'bash', process.execPath, MAIN, 'explain', 'RST'];
    const { code, stderr } = await run(argv);
    expect(stderr).toMatch(/^packetwatch: cannot write to standard output: [^\n]+\n$/);
    expect(stderr).toContain(why);
    expect(code).toBe(1);
  });

  test('a list has room in any terminal', () => {
    expect(wrapped('aaa bbb ccc', ' ', 5)).toBe(' aaa bbb ccc\n');
    const words = Array.from({ length: 40 }, () => 'word').join(' ');
    const widest = (columns: number) =>
      Math.max(
        ...wrapped(words, '  ', columns)
          .split('\n')
          .map(({ length }) => length),
      );
    expect([widest(10), widest(60), widest(500)]).toEqual([36, 56, 96]);
  });

  test('docs/glossary.md has an anchor for each entry', () => {
    const text = readFileSync(new URL('../../docs/glossary.md', import.meta.url), 'utf8');
    const anchors = [...text.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, slug]) => slug);
    expect(new Set(anchors)).toEqual(new Set(GLOSSARY.map(({ slug }) => slug)));
    expect(anchors).toHaveLength(GLOSSARY.length);
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, slug]) => slug);
    expect(links.filter((slug) => !anchors.includes(slug))).toEqual([]);
  });
});
