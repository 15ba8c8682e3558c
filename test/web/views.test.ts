/** Each view of the real program opens, says what is so, and its link restores it. */
import { beforeAll, describe, expect, test } from 'vitest';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { LISTEN, SEEN, useBrowser } from './browser.ts';

const PORT = 8080;
suite('the views', ['chromium'], () => {
  const rig = useRig('direct');
  useWatch(rig, ['-i', VICTIM_IF, '-i', 'lo', '--listen', LISTEN]);
  const pages = useBrowser(rig);
  beforeAll(async () => {
    const server = await rig().victim.peer();
    await server.listen({ host: '::', port: PORT, mode: 'echo' });
    const client = await rig().scanner.peer();
    await client.listen({ host: '::', port: PORT, mode: 'close' });
    await client.connect({ host: VICTIM[4], port: PORT, end: 'hold' });
    await client.connect({ host: VICTIM[6], port: PORT, end: 'hold' });
    await server.connect({ host: SCANNER[4], port: PORT });
    await server.connect({ host: '127.0.0.1', port: PORT, end: 'hold' });
  });

  test('the map has who calls and who is called, as a drawing and as a table', async () => {
    const page = await pages.open('#/map');
    await page
      .getByRole('button', { name: new RegExp(`^${VICTIM[4]}|${SCANNER[4]}`) })
      .first()
      .waitFor(SEEN);
    await page.keyboard.press('d');
    const table = page.getByRole('table', { name: 'Who talks to whom' });
    await table
      .getByRole('row')
      .filter({ hasText: `${VICTIM[4]}:${PORT}` })
      .waitFor(SEEN);
    await table
      .getByRole('row')
      .filter({ hasText: `${SCANNER[4]}:${PORT}` })
      .waitFor(SEEN);
    expect(page.url()).toContain('as=table');
    // A host that calls itself has a process at both ends
    const own = table.getByRole('row').filter({ hasText: `127.0.0.1:${PORT}` });
    await own.filter({ hasText: /python\S* → python/ }).waitFor(SEEN);
  });

  test('the states of TCP list their sockets by a click', async () => {
    const page = await pages.open('#/tcp');
    await page.getByRole('button', { name: /^ESTABLISHED: [1-9]/ }).click(SEEN);
    const list = page.getByRole('complementary');
    await list.getByText(`→ ${VICTIM[4]}:${PORT}`).waitFor(SEEN);
    await page.reload();
    await list.getByText(`→ [${VICTIM[6]}]:${PORT}`).waitFor(SEEN);
    await page.getByRole('radio', { name: 'Table' }).check();
    const states = page.getByRole('table', { name: 'Sockets by state' }).getByRole('row');
    expect(await states.count()).toBe(12);
  });

  test('the sockets have who listens, with its queues', async () => {
    const page = await pages.open('#/sockets');
    const row = page
      .getByRole('table', { name: 'Listeners' })
      .getByRole('row')
      .filter({ hasText: `[::]:${PORT}` });
    await row.waitFor(SEEN);
    expect(await row.textContent()).toMatch(/python3?\S*\[\d+\]/);
    await row.getByRole('button', { name: `[::]:${PORT}` }).click();
    await page.getByText('0 dropped').waitFor(SEEN);
    const connections = page
      .getByRole('table', { name: 'Connections', exact: true })
      .getByRole('row');
    await connections.filter({ hasText: `[${VICTIM[6]}]:${PORT}` }).waitFor(SEEN);
  });

  test('health has stages, rates and what the program costs', async () => {
    const page = await pages.open('#/health');
    await page.getByText('of one core').waitFor(SEEN);
    const stages = page.getByRole('table', { name: 'Stages' }).getByRole('row');
    expect(await stages.count()).toBeGreaterThan(2);
    await page.getByRole('radio', { name: 'Table' }).check();
    await page.getByRole('table', { name: 'Rates' }).getByRole('row').nth(1).waitFor(SEEN);
  });

  describe('a word explains itself', () => {
    test('by keys, and Esc leads back to it', async () => {
      const page = await pages.open('#/live');
      const term = page.getByRole('button', { name: 'RTT' });
      await term.focus();
      await page.keyboard.press('Enter');
      const box = page.getByRole('dialog', { name: 'Explanation' });
      await box.getByText('rtt_us').waitFor(SEEN);
      await page.keyboard.press('Escape');
      await box.waitFor({ state: 'hidden' });
      expect(await page.locator(':focus').textContent()).toBe('RTT');
    });
  });

  test('keys are listed, change the view and the theme', async () => {
    const page = await pages.open('#/live');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor(SEEN);
    await page.keyboard.press('Escape');
    await page.keyboard.press('6');
    await page.getByRole('main', { name: 'Health' }).waitFor(SEEN);
    await page.keyboard.press('t');
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light');
  });

  test('a narrow screen has all of it, and nothing beside it', async () => {
    const page = await pages.open('#/live', { viewport: { width: 360, height: 740 } });
    const widths: unknown[] = [];
    for (const view of ['Live', 'Map', 'Scans', 'TCP', 'Sockets', 'Health']) {
      await page.getByRole('link', { name: view }).click();
      await page.getByRole('main', { name: view }).locator(':scope > *').first().waitFor(SEEN);
      widths.push(await page.evaluate('document.documentElement.scrollWidth'));
    }
    expect(widths).toEqual(Array.from({ length: 6 }, () => 360));
  });
});
