/** Where others can reach the listener, the page tells nothing without the token, and asks for it. */
import { expect, test } from 'vitest';
import { VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { SEEN, tokenOf, useBrowser } from './browser.ts';

const ADDRESS = `${VICTIM[4]}:9470`;

suite('the page away from loopback', ['chromium'], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '--listen', ADDRESS]);
  const pages = useBrowser(rig, `http://${ADDRESS}`);

  test('asks for the token, again when it is wrong, and then shows what there is', async () => {
    const page = await pages.open('#/health', { isRefused: true });
    const dialog = page.getByRole('dialog', { name: 'This program wants its token' });
    await dialog.getByLabel('Token').fill('a-wrong-one');
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'not the token' }).waitFor(SEEN);
    expect(await page.getByText('of one core').count()).toBe(0);
    await dialog.getByLabel('Token').fill(await tokenOf(watch()));
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('of one core').waitFor(SEEN);
    await page.getByText('is live').waitFor({ ...SEEN, state: 'attached' });
  });
});
