/** Text of strangers is text: whatever a process is called, whatever a name or a link says. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import type { JsonConnection } from '../../src/model/json.ts';
import { PYTHON } from '../support/peer.ts';
import { SCANNER, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { LISTEN, SEEN, useBrowser } from './browser.ts';

const PORT = 8080;

/** Names of processes, which have 15 bytes at most, and as they must be shown. */
const NAMES: readonly (readonly [name: string, shown: string])[] = [
  ['<b>\u001b[31m\u202ex', '<b>\\x1b[31m\\u202ex'],
  ['<img onerror=a>', '<img onerror=a>'],
  ['"\'onload=`a`//', '"\'onload=`a`//'],
  ['\u001b]0;x\u0007\r\n\t', '\\x1b]0;x\\x07\\x0d\\x0a\\x09'],
  ['{{7*7}}${7*7}&lt', '{{7*7}}${7*7}&l'],
];

/** What anybody may put into a name that they are asked for, or ask for. */
const MARKUP = '<img src=x onerror="hacked()"><script>hacked()</script>';
const HOSTILE = `${MARKUP}\u001b[2J\u202e\u0000\n${'w'.repeat(300)}`;
/** Of it, as it must be shown. */
const SHOWN = `${MARKUP}\\x1b[2J\\u202e\\x00\\x0aw`;

/** Listens, and connects away and to itself, under that name; stays for as long as somebody reads. */
const PROCESS = `
import ctypes, socket, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode())
server = socket.create_server(("127.0.0.1", 0))
held = [socket.create_connection((sys.argv[2], int(sys.argv[3]))), socket.create_connection(server.getsockname()), server.accept()]
print("there", flush=True)
sys.stdin.read()
`;

/** Counts what must not run, and what the policy kept from running. */
const WATCHED = `
  globalThis.hackedTimes = 0;
  globalThis.hacked = () => globalThis.hackedTimes++;
  globalThis.violations = [];
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    globalThis.violations.push(violatedDirective + ' ' + blockedURI));
`;

suite('hostile text', ['chromium'], () => {
  const rig = useRig('direct');
  useWatch(rig, ['-i', VICTIM_IF, '-i', 'lo', '--listen', LISTEN]);
  const pages = useBrowser(rig);
  beforeAll(async () => {
    const server = await rig().scanner.peer();
    await server.listen({ host: '::', port: PORT, mode: 'echo' });
    for (const [name] of NAMES) {
      const argv = [PYTHON, '-c', PROCESS, name, SCANNER[4], String(PORT)];
      const named = await rig().victim.start(argv);
      await named.out.wait('its connections', (line) => line === 'there' || undefined);
    }
  });

  /** Nothing ran, nothing tried to, and nothing became an element. */
  async function isHarmless(page: Page): Promise<void> {
    expect(await page.evaluate('[hackedTimes, violations]')).toEqual([0, []]);
    expect(await page.locator('main :is(img, script, b:has(i), iframe)').count()).toBe(0);
    expect(await page.locator('main').textContent()).not.toMatch(/\u202e|[^\P{Cc}\n]/u);
  }

  test('in the name of a process is shown as text by each view, and by the story', async () => {
    const page = await pages.open('#/live?filter=tcp', { script: WATCHED });
    const main = page.locator('main');
    for (const view of ['live?filter=tcp', 'map', 'map?as=table', 'sockets', 'tcp?state=LISTEN']) {
      await page.goto(`http://${LISTEN}/#/${view}`);
      for (const [, shown] of NAMES) await main.getByText(shown).first().waitFor(SEEN);
      await isHarmless(page);
    }
    expect(new URL(page.url()).hash).toBe('#/tcp?state=LISTEN');
    await page.goto(`http://${LISTEN}/#/live?filter=dst+port+${PORT}`);
    for (const [, shown] of NAMES) {
      await page.getByRole('row').filter({ hasText: shown }).first().click();
      const story = page.getByRole('complementary');
      await story.getByText(`${shown}[`).first().waitFor(SEEN);
      await story.getByText('JSON lines').click();
      await story.locator('pre').first().waitFor(SEEN);
      await isHarmless(page);
      await page.keyboard.press('Escape');
      await story.waitFor({ state: 'detached' });
    }
  });

  test('in what a connection said of itself is text, in a row that stays one', async () => {
    const page = await pages.open('#/health', { script: WATCHED });
    // Live sources look at no payload; these are answers as of captures
    const covers = { since_ts: SAID.ts, until_ts: SAID.ts };
    const list = { connections: [SAID], more: null, covers, from: 'memory' };
    await page.route(/\/api\/v1\/connections\?/, (route) => route.fulfill({ json: list }));
    const story = { connection: SAID, events: [SAID] };
    await page.route(/\/api\/v1\/connections\/\w/, (route) => route.fulfill({ json: story }));
    await page.goto(`http://${LISTEN}/#/live?since=1h`);
    const row = page.getByRole('grid').locator('tbody').getByRole('row').first();
    await row.getByText(SHOWN).first().waitFor(SEEN);
    const box = await row.boundingBox();
    expect([box!.height, box!.x + box!.width]).toEqual([27, 1280]);
    await row.click();
    const beside = page.getByRole('complementary');
    for (const word of ['SNI', 'Certificate', 'User agent', 'SSH server', 'DNS', 'Container'])
      await beside
        .locator('.facts > div')
        .filter({ has: page.getByRole('button', { name: word, exact: true }) })
        .getByText(SHOWN)
        .waitFor(SEEN);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(1280);
    await isHarmless(page);
  });

  test('in a link is text, and where it is a filter, told as one that can not be read', async () => {
    const page = await pages.open('#/health', { script: WATCHED });
    const keys = ['since', 'until', 'show', 'id', 'as', 'node', 'scan', 'state', 'sort', 'port'];
    const link = new URLSearchParams();
    for (const key of ['filter', ...keys, '__proto__']) link.set(key, HOSTILE);
    for (const view of ['live', 'map', 'scans', 'tcp', 'sockets', 'health']) {
      await page.goto(`http://${LISTEN}/#/${view}?${link.toString()}`);
      await page.reload();
      await page.getByRole('main').locator(':scope > *').first().waitFor(SEEN);
      if (['live', 'map', 'sockets'].includes(view))
        await page.getByRole('alert').first().waitFor(SEEN);
      await isHarmless(page);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(1280);
    }
  });
});

const SAID: JsonConnection = {
  ts: '2026-01-01T00:00:00.000000Z',
  event: 'connection.close',
  id: '0123456789abcdef',
  src_ip: '192.0.2.1',
  src_port: 40_000,
  dst_ip: '192.0.2.2',
  dst_port: 443,
  proto: 'tcp',
  direction: 'inbound',
  process: HOSTILE,
  service: 'ssl',
  container: HOSTILE,
  iface: HOSTILE,
  host: HOSTILE,
  orig_name: HOSTILE,
  resp_name: HOSTILE,
  tls: { sni: HOSTILE, subject: HOSTILE, alpn: HOSTILE, ja4: HOSTILE },
  http: { method: HOSTILE, host: HOSTILE, target: HOSTILE, user_agent: HOSTILE },
  ssh: { client: HOSTILE, server: HOSTILE },
  dns: [{ id: 1, query: HOSTILE, type: 'A', rcode: 'NOERROR', answers: [HOSTILE] }],
};
