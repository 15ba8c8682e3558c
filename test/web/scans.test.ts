/** A scan in the browser: it appears, is blocked by a click, and stays blocked when the program is started again. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { nmapSyn } from '../netns/scans.ts';
import { LISTEN, SEEN, tokenOf, useBrowser } from './browser.ts';

const ARGS = ['-i', VICTIM_IF, '--listen', LISTEN, '--block-ttl', '1h'];
const SOURCE = SCANNER[4];

suite('scans and blocks', ['chromium', 'nmap'], () => {
  const rig = useRig('direct');
  const pages = useBrowser(rig);
  let watch: Watch;
  beforeAll(async () => {
    watch = await Watch.start(rig().victim, ARGS);
  });

  const blocked = async () => {
    const { stdout } = await packetwatch(rig().victim, ['block', 'list', '--json']);
    return stdout.includes(`"${SOURCE}"`);
  };
  const blockRow = (page: Page) =>
    page.getByRole('table', { name: 'Blocks' }).getByRole('row').filter({ hasText: SOURCE });
  test('a scan appears with its probes by port', async () => {
    const page = await pages.open('#/scans');
    await nmapSyn(rig().scanner, SOURCE, VICTIM[4]);
    const scan = page.getByRole('button', { name: `${SOURCE} ` }).filter({ hasText: 'vertical' });
    await scan.waitFor(SEEN);
    expect(await scan.textContent()).toContain('not blocked');
    await page.getByRole('img', { name: /\d+ probes of \d+ ports/ }).waitFor(SEEN);
    await page.getByRole('radio', { name: 'Table' }).check();
    const probes = page.getByRole('table', { name: 'Probes' }).getByRole('row');
    await probes.filter({ hasText: 'refused' }).first().waitFor(SEEN);
    expect(await page.locator('[aria-live]').textContent()).toContain(`scan from ${SOURCE}`);
    await scan.click();
    expect(page.url()).toMatch(/scan=.*&since=24h(&|$)/);
    await page.reload();
    await scan.and(page.locator('[aria-pressed=true]')).waitFor(SEEN);
  });

  test('a wrong token blocks nobody, and is asked for again', async () => {
    const page = await pages.open('#/scans');
    await page.getByRole('button', { name: 'Block', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: `Block ${SOURCE}?` });
    expect(await dialog.textContent()).toContain('will drop new connections');
    await dialog.getByLabel('Token').fill('a-wrong-one');
    await dialog.getByRole('button', { name: 'Block', exact: true }).click();
    await dialog.getByRole('alert').filter({ hasText: 'token' }).waitFor(SEEN);
    expect(await blocked()).toBe(false);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
  });

  test('who is allowed by a click is never blocked, until that is taken back', async () => {
    const page = await pages.open(`#token=${await tokenOf(watch)}&/scans`);
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: `Never block ${SOURCE}?` });
    await dialog.getByRole('button', { name: 'Allow', exact: true }).click();
    const allowed = page
      .getByRole('table', { name: 'Never blocked' })
      .getByRole('row')
      .filter({ hasText: SOURCE });
    await allowed.waitFor(SEEN);
    await page.getByRole('button', { name: 'Block', exact: true }).click();
    const refused = page.getByRole('dialog', { name: `Block ${SOURCE}?` });
    await refused.getByRole('button', { name: 'Block', exact: true }).click();
    await refused.getByRole('alert').waitFor(SEEN);
    expect(await blocked()).toBe(false);
    await refused.getByRole('button', { name: 'Cancel' }).click();
    await allowed.getByRole('button', { name: 'Take back' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
    await allowed.waitFor({ state: 'detached' });
  });

  test('a click blocks it, it stays so after a restart, and a click ends it', async () => {
    const token = await tokenOf(watch);
    // As the link has it that the program prints
    const page = await pages.open(`#token=${token}&/scans`);
    expect(page.url()).not.toContain(token);
    await page.getByRole('button', { name: 'Block', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: `Block ${SOURCE}?` });
    await dialog.getByLabel('For').selectOption('1 hour');
    await dialog.getByRole('button', { name: 'Block', exact: true }).click();
    await blockRow(page).waitFor(SEEN);
    expect(await blocked()).toBe(true);

    await watch.running.end('SIGKILL');
    await page.getByText('no answer, trying again').waitFor(SEEN);
    watch = await Watch.start(rig().victim, ARGS);
    await page.getByRole('status').filter({ hasText: 'started again' }).waitFor(SEEN);
    await blockRow(page).waitFor(SEEN);
    expect(await blocked()).toBe(true);

    await blockRow(page).getByRole('button', { name: 'Why?' }).click();
    const why = page.getByRole('dialog', { name: `${SOURCE}: blocked` });
    await why.getByText('a command').waitFor(SEEN);
    await why.getByRole('button', { name: 'Close' }).click();
    await blockRow(page).getByRole('button', { name: 'Unblock' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Unblock' }).click();
    await page.getByText('Nobody is blocked.').waitFor(SEEN);
    await until('the block to end', async () => !(await blocked()));
  });
});
