/** The page for everybody: by keys alone, with every control named, readable in dark and light. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { nmapSyn } from '../netns/scans.ts';
import { LISTEN, SEEN, useBrowser } from './browser.ts';

const PORT = 8080;
const VIEWS = ['live', 'map', 'scans', 'tcp', 'sockets', 'health'] as const;
/** The views once more, with what they open: a story, a list, a listener, tables beside drawings. */
const OPENED = [
  'map?as=table',
  'scans?as=table',
  'tcp?state=ESTABLISHED',
  'tcp?as=table',
  `sockets?port=${encodeURIComponent(`[::]:${PORT}`)}`,
  'health?as=table',
] as const;

/**
 * What a screen reader would stumble over: controls and pictures without a name, tables without a caption or with
 * columns that have no title, ids that are there twice, and positive tab stops.
 */
const FAULTS = `(() => {
  const faults = [];
  const tell = (what, element) => faults.push(what + ': ' + element.outerHTML.slice(0, 120));
  const named = (element) => {
    const labels = [...(element.labels ?? [])].map((label) => label.textContent);
    const by = (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '');
    const inner = element.matches('input, select, textarea') ? '' : element.textContent;
    return [element.getAttribute('aria-label') ?? '', ...by, ...labels, inner].join('').trim() !== '';
  };
  const controls = 'a[href], button, input, select, textarea, summary, [role=button], [role=img], dialog, [role=dialog], aside, nav, main, [role=grid], [tabindex="0"]';
  for (const element of document.querySelectorAll(controls)) if (!named(element)) tell('no name', element);
  for (const table of document.querySelectorAll('table')) {
    if (!named(table) || !(table.caption || table.hasAttribute('aria-label'))) tell('no caption', table);
    const columns = [...(table.tHead?.rows[0].cells ?? [])];
    for (const th of columns) if (th.textContent.trim() === '') tell('no title', th);
    const cells = [...(table.tBodies[0]?.rows[0]?.cells ?? columns)].reduce((sum, cell) => sum + Number(cell.getAttribute('aria-colspan') ?? cell.colSpan), 0);
    if (columns.length === 0 || columns.length !== cells) tell('columns without titles', table);
  }
  for (const svg of document.querySelectorAll('svg:not([aria-hidden=true], [aria-label])')) tell('a picture without a name', svg);
  for (const element of document.querySelectorAll('[tabindex]')) if (element.tabIndex > 0) tell('tab stop', element);
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids.filter((each, i) => ids.indexOf(each) !== i))) faults.push('twice: ' + id);
  if (document.documentElement.lang === '') faults.push('no language');
  return faults;
})()`;

/** Texts in sight whose contrast (WCAG 2.2, 1.4.3) is less than 4.5, and how many were looked at. */
const PALE = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((value, i) => value * a + below[i] * (1 - a));
  const behind = (element) => {
    if (!element) return [1, 1, 1];
    const color = rgba(getComputedStyle(element).backgroundColor);
    return color[3] === 1 ? color.slice(0, 3) : over(color, behind(element.parentElement));
  };
  const light = (color) => {
    const [r, g, b] = color.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pale = new Map();
  let looked = 0;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === '' || !element.checkVisibility() || element.closest('.unseen, :disabled, .dim')) continue;
    looked++;
    const style = getComputedStyle(element);
    const below = behind(element);
    const drawn = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(over(rgba(drawn), below)), light(below)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) pale.set(node.data.trim().slice(0, 30), drawn + ' ' + ratio.toFixed(2));
  }
  return { looked, pale: [...pale].map((each) => each.join(': ')) };
})()`;

suite('the page for everybody', ['chromium', 'nmap'], () => {
  const rig = useRig('direct');
  useWatch(rig, ['-i', VICTIM_IF, '-i', 'lo', '--listen', LISTEN]);
  const pages = useBrowser(rig);
  beforeAll(async () => {
    const server = await rig().victim.peer();
    await server.listen({ host: '::', port: PORT, mode: 'echo' });
    const client = await rig().scanner.peer();
    await client.connect({ host: VICTIM[4], port: PORT, end: 'hold' });
    await nmapSyn(rig().scanner, SCANNER[4], VICTIM[4]);
  });

  /** Until the view has what it shows. */
  async function goTo(page: Page, view: string): Promise<void> {
    await page.goto(`http://${LISTEN}/#/${view}`);
    await page
      .locator('main')
      .locator('tbody tr, svg[role=img], .map-box .node, .diagram')
      .first()
      .waitFor({ ...SEEN, state: 'attached' });
  }

  test('each control and picture has a name, each table its titles', async () => {
    const page = await pages.open('#/live');
    const faults: Record<string, unknown> = {};
    for (const view of [...VIEWS, ...OPENED]) {
      await goTo(page, view);
      faults[view] = await page.evaluate(FAULTS);
    }
    await goTo(page, 'live?filter=port+8080');
    await page.locator('tbody tr').first().click();
    await page.getByRole('complementary').getByText('Community ID').waitFor(SEEN);
    faults['story'] = await page.evaluate(FAULTS);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor(SEEN);
    faults['keys'] = await page.evaluate(FAULTS);
    await page.keyboard.press('Escape');
    await goTo(page, 'scans');
    for (const word of ['Block', 'Allow', 'Why?']) {
      await page.getByRole('button', { name: word, exact: true }).first().click();
      await page.getByRole('dialog').first().waitFor(SEEN);
      faults[word] = await page.evaluate(FAULTS);
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ ...SEEN, state: 'detached' });
    }
    const none = Object.fromEntries(Object.keys(faults).map((view) => [view, []]));
    expect(faults).toEqual(none);
  });

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test('text stands out from what is behind it', async () => {
      const page = await pages.open('#/live', { colorScheme });
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).toBe(colorScheme === 'dark' ? 'rgb(13, 16, 20)' : 'rgb(246, 247, 249)');
      for (const view of [...VIEWS, ...OPENED]) {
        await goTo(page, view);
        const { looked, pale } = await page.evaluate<{ looked: number; pale: string[] }>(PALE);
        expect({ view, pale }).toEqual({ view, pale: [] });
        expect(looked).toBeGreaterThan(20);
      }
    });
  });

  test('keys alone lead through a view: to a word, a row, its story, and back', async () => {
    const page = await pages.open('#/live?filter=port+8080');
    await page.locator('tbody tr').first().waitFor(SEEN);
    const focused = () =>
      page.evaluate<string>(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()",
      );
    const passed: string[] = [];
    // The browser's own order; the first leads past the frame
    for (let n = 0; n < 40 && passed.at(-1) !== 'Connections'; n++) {
      await page.keyboard.press('Tab');
      passed.push(await focused());
      expect(await page.locator(':focus-visible').count()).toBe(1);
    }
    expect(passed.slice(0, 2)).toEqual(['Skip to the content', 'Live']);
    expect(passed.at(-1)).toBe('Connections');
    expect(passed).toEqual(expect.arrayContaining(['Filter, in the words of tcpdump', 'Pause']));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const story = page.getByRole('complementary');
    await story.getByText('Community ID').waitFor(SEEN);
    await page.keyboard.press('Escape');
    await story.waitFor({ state: 'detached' });
    expect(await focused()).toBe('Connections');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Explanation' }).waitFor(SEEN);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Explanation' }).waitFor({ state: 'hidden' });
  });

  test('keys alone block a source, and give up in between', async () => {
    const page = await pages.open('#/scans');
    const block = page.getByRole('button', { name: 'Block', exact: true });
    await block.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: `Block ${SCANNER[4]}?` });
    await dialog.waitFor(SEEN);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.locator(':focus').textContent()).toContain('Block');
  });
});
