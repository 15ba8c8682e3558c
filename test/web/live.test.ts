/** The live view of the real program in a real browser. */
import { beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type { JsonConnection } from '../../src/model/json.ts';
import type { Peer } from '../support/peer.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { LISTEN, SEEN, useBrowser } from './browser.ts';

const PORT = 8080;
/** One that nobody listens on. */
const CLOSED = 8081;

const rows = (page: Page) => page.locator('tbody [role=row]');

suite('the live view', ['chromium'], () => {
  const rig = useRig('direct');
  useWatch(rig, ['-i', VICTIM_IF, '--listen', LISTEN]);
  const pages = useBrowser(rig);
  let client: Peer;
  beforeAll(async () => {
    const server = await rig().victim.peer();
    await server.listen({ host: '::', port: PORT, mode: 'answer', receive: 3, send: 2000 });
    client = await rig().scanner.peer();
  });
  const connect = (port = PORT) =>
    client.connect({ host: VICTIM[4], port, send: 3, receive: port === PORT ? 2000 : 0 });

  test('shows a connection as it comes, and its end in the same row', async () => {
    const page = await pages.open('#/live?filter=port+8080');
    const made = await client.connect({ host: VICTIM[6], port: PORT, end: 'hold' });
    const row = rows(page).filter({ hasText: `:${made.port}` });
    await row.filter({ hasText: 'open' }).waitFor(SEEN);
    await client.end(made.connection, 'reset');
    await row.filter({ hasText: 'reset' }).waitFor(SEEN);
    expect(await row.count()).toBe(1);
    expect(await row.textContent()).toContain(`[${VICTIM[6]}]:${PORT}`);
  });

  test('opens the story of a row by keys, and its link restores it', async () => {
    const page = await pages.open('#/live?filter=port+8080');
    const made = await connect();
    await rows(page)
      .filter({ hasText: `:${made.port}` })
      .filter({ hasText: 'closed' })
      .waitFor(SEEN);
    await page.getByRole('grid', { name: 'Connections' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const story = page.getByRole('complementary');
    await story.getByText('1.95 KiB').waitFor(SEEN);
    expect(await story.getByRole('listitem').count()).toBe(3);
    const again = await page.context().newPage();
    await again.goto(page.url());
    await again.getByRole('complementary').getByText(`${SCANNER[4]}:${made.port}`).waitFor(SEEN);
    // One that is forgotten is never shown as the one before it
    await again.goto(`http://${LISTEN}/#/live?id=ffffffffffffffff`);
    await again.getByRole('alert').filter({ hasText: 'no connection with that id' }).waitFor(SEEN);
    expect(await again.getByRole('complementary').textContent()).not.toContain(VICTIM[4]);
    await page.keyboard.press('Escape');
    await story.waitFor({ state: 'detached' });
  });

  test('tells at the filter what the program can not read of it', async () => {
    const page = await pages.open('#/live');
    await page.keyboard.press('/');
    await page.keyboard.type('port eighty');
    await page.keyboard.press('Enter');
    const error = page.getByRole('alert');
    await error.filter({ hasText: 'eighty' }).waitFor(SEEN);
    const box = page.getByRole('textbox', { name: 'Filter' });
    expect(await box.getAttribute('aria-invalid')).toBe('true');
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await error.waitFor({ state: 'detached' });
    expect(await box.inputValue()).toBe('');
  });

  test('stands still while it is paused, and then has what passed', async () => {
    const page = await pages.open('#/live?filter=port+8080');
    const first = await connect();
    await rows(page)
      .filter({ hasText: `:${first.port}` })
      .waitFor(SEEN);
    await page.keyboard.press('p');
    const second = await connect();
    await page.getByText('1 connections passed meanwhile').waitFor(SEEN);
    expect(
      await rows(page)
        .filter({ hasText: `:${second.port}` })
        .count(),
    ).toBe(0);
    await page.keyboard.press('p');
    await rows(page)
      .filter({ hasText: `:${second.port}` })
      .waitFor(SEEN);
  });

  test('shows failures alone when asked to, each with its word', async () => {
    const page = await pages.open('#/live?filter=portrange+8080-8081');
    await connect();
    const refused = await connect(CLOSED);
    await rows(page)
      .filter({ hasText: `:${refused.port}` })
      .filter({ hasText: 'refused' })
      .waitFor(SEEN);
    await page.getByRole('radio', { name: 'Failed' }).check();
    await rows(page).filter({ hasText: 'closed' }).first().waitFor({ state: 'detached' });
    expect(await rows(page).filter({ hasText: 'refused' }).count()).toBe(1);
    expect(page.url()).toContain('show=failed');
  });

  test('says how many of the past it has, and goes on after a failure', async () => {
    const page = await pages.open('#/health');
    const covers = { since_ts: SAID.ts, until_ts: SAID.ts };
    const answers = [
      { json: { connections: many(0), more: '500', covers, from: 'memory' } },
      { status: 503, json: { error: { code: 'busy', message: 'the store is busy', hint: '' } } },
      { json: { connections: many(500), more: null, covers, from: 'memory' } },
    ];
    await page.route(/\/api\/v1\/connections\?/, (route) => route.fulfill(answers.shift()));
    await page.goto(`http://${LISTEN}/#/live?since=1h`);
    await page.getByText('the newest 500 connections (older ones by scrolling)').waitFor(SEEN);
    await page.getByRole('grid').focus();
    await page.keyboard.press('End');
    await page.getByRole('alert').filter({ hasText: 'the store is busy' }).waitFor(SEEN);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('1,000 connections,').waitFor(SEEN);
    expect(answers).toEqual([]);
  });

  test('names the command that finds where the way of a failed connection ends', async () => {
    const page = await pages.open('#/health');
    const failed: JsonConnection = {
      ...SAID,
      event: 'connection.timeout',
      outcome: 'timeout',
      id: 'f'.repeat(16),
      dst_ip: '2001:db8::2',
    };
    const story = { connection: failed, events: [failed] };
    await page.route(/\/api\/v1\/connections\/f/, (route) => route.fulfill({ json: story }));
    await page.goto(`http://${LISTEN}/#/live?id=${failed.id}`);
    const command = page.getByRole('complementary').locator('code');
    await command.waitFor(SEEN);
    expect(await command.textContent()).toBe('packetwatch trace [2001:db8::2]:443');
  });
});

const SAID: JsonConnection = {
  ts: '2026-01-01T00:00:00.000000Z',
  event: 'connection.close',
  src_ip: '192.0.2.1',
  src_port: 40_000,
  dst_ip: '192.0.2.2',
  dst_port: 443,
  proto: 'tcp',
  direction: 'outbound',
};

const many = (from: number): JsonConnection[] =>
  Array.from({ length: 500 }, (_, n) => ({
    ...SAID,
    id: (from + n).toString(16).padStart(16, '0'),
  }));
