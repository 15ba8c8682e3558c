/** Many connections in the live view: what is in sight is in the document, the rest is a keystroke away. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { PYTHON } from '../support/peer.ts';
import { VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { LISTEN, SEEN, useBrowser } from './browser.ts';

const PORT = 8080;
/** `make test-web` makes thousands. */
const MANY = Number(process.env['PACKETWATCH_ROWS'] ?? 400);
/** Rows of 27 px in 800 px, and those beyond the edges. */
const IN_DOCUMENT = 50;

/** Connects so often, no faster than the page is sent whole, and waits for the other's close. */
const CONNECT = `
import socket, sys, time
for n in range(int(sys.argv[3])):
    time.sleep(5e-4)
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as c: c.recv(1)
`;

suite('many rows', ['chromium'], () => {
  const rig = useRig('direct');
  useWatch(rig, ['-i', VICTIM_IF, '--listen', LISTEN]);
  const pages = useBrowser(rig);
  beforeAll(async () => {
    const server = await rig().victim.peer();
    await server.listen({ host: '::', port: PORT, mode: 'finish' });
  });
  const connect = (count: number) =>
    rig().scanner.must([PYTHON, '-c', CONNECT, VICTIM[4], String(PORT), String(count)]);
  const total = async (page: Page) =>
    Number(await page.getByRole('grid').getAttribute('aria-rowcount')) - 1;
  const inDocument = (page: Page) => page.locator('tbody [role=row]').count();

  test('are scrolled through by keys and wheel, and stand still meanwhile', async () => {
    const page = await pages.open(`#/live?filter=port+${PORT}`);
    await connect(MANY);
    const rows = page.locator('tbody [role=row]');
    await expect.poll(() => total(page), SEEN).toBeGreaterThan(MANY / 2);
    expect(await inDocument(page)).toBeLessThan(IN_DOCUMENT);
    await page.getByRole('grid').focus();
    await page.keyboard.press('End');
    const last = rows.last();
    await expect
      .poll(() => last.getAttribute('aria-rowindex'), SEEN)
      .toBe(String((await total(page)) + 1));
    await expect.poll(() => last.getAttribute('aria-selected'), SEEN).toBe('true');
    expect(await inDocument(page)).toBeLessThan(IN_DOCUMENT);
    // In the order of the table, for who hears it
    const order = await page.evaluate<number[]>(
      "[...document.querySelectorAll('tbody tr')].map((row) => Number(row.ariaRowIndex))",
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    const before = await total(page);
    await connect(20);
    const newer = page.getByRole('button', { name: /^\d+ newer$/ });
    await newer.waitFor(SEEN);
    expect(await total(page)).toBe(before);
    await newer.click();
    await expect.poll(() => total(page), SEEN).toBeGreaterThan(before);
    await expect.poll(() => rows.first().getAttribute('aria-rowindex'), SEEN).toBe('2');
    await page.mouse.move(600, 500);
    await page.mouse.wheel(0, 27 * Math.round(MANY / 3));
    await expect
      .poll(async () => Number(await rows.first().getAttribute('aria-rowindex')), SEEN)
      .toBeGreaterThan(MANY / 4);
    expect(await inDocument(page)).toBeLessThan(IN_DOCUMENT);
    await page.getByRole('row').nth(20).click();
    await page.getByRole('complementary').getByText(`${VICTIM[4]}:${PORT}`).waitFor(SEEN);
  });
});
