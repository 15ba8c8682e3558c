/** Each view of the real program opens, says what is so, and its link restores it. */
import { beforeAll, describe, expect, test } from 'vitest';
import { PYTHON } from '../support/peer.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { LISTEN, SEEN, useBrowser } from './browser.ts';

const PORT = 8080;
/** Listens with room for one, and accepts nobody. */
const FULL = `
import socket, sys
s = socket.socket()
s.bind((sys.argv[1], 0))
s.listen(1)
print(s.getsockname()[1], flush=True)
sys.stdin.read()
`;
/** Two processes with a socket each on one port, which keep what they accept. */
const SHARED = `
import ctypes, os, socket, sys
def listener(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((sys.argv[1], port))
    s.listen(64)
    return s
first = listener(0)
port = first.getsockname()[1]
if os.fork() == 0:
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0) # PR_SET_PDEATHSIG
    first.close()
    first = listener(port)
    os.write(1, b"%d\\n" % port)
kept = []
while True: kept.append(first.accept())
`;
/** Connections that are begun to the first port, and made to the second. */
const CROWD = `
import socket, sys
held = [socket.socket() for _ in range(26)]
for n, s in enumerate(held):
    s.setblocking(n >= 6)
    s.connect_ex((sys.argv[1], int(sys.argv[2 if n < 6 else 3])))
print("there", flush=True)
sys.stdin.read()
`;

/** What the controls of a view are set to. */
const CONTROLS = `[...document.querySelectorAll('main :is(input[type=text], select, input:checked)')]
  .map((each) => (each.type === 'radio' ? each.parentElement.textContent : each.value))`;
/** A link of each view with all that it keeps, what it sets, and what it opens. */
const LINKS: readonly (readonly [link: string, set: readonly string[], opened?: string])[] = [
  [`live?filter=port+${PORT}&show=closed`, [`port ${PORT}`, 'Closed', '']],
  [`live?filter=port+${PORT}&show=failed&since=1h`, [`port ${PORT}`, 'Failed', '1h']],
  [`map?as=table&filter=port+${PORT}&since=1h`, [`port ${PORT}`, 'Table', '1h']],
  [`map?node=clients+${SCANNER[4]}+`, ['', 'Drawing', '15m'], '.node[aria-pressed=true]'],
  ['scans?since=7d', ['7d']],
  ['tcp?as=table&state=ESTABLISHED', ['Table'], 'aside li'],
  [`sockets?filter=port+${PORT}&sort=rtt`, [`port ${PORT}`, 'rtt']],
  [`sockets?port=%5B%3A%3A%5D%3A${PORT}`, ['', 'queues'], 'text=0 dropped'],
  ['health?as=table', ['Table']],
];

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
    await client.connect({ host: VICTIM[4], port: PORT + 1 });
    await client.connect({ host: VICTIM[6], port: PORT, end: 'hold' });
    await server.connect({ host: SCANNER[4], port: PORT });
    await server.connect({ host: '127.0.0.1', port: PORT, end: 'hold' });
  });

  test('the link of each restores it', async () => {
    const page = await pages.open('#/live');
    for (const [link, set, opened] of LINKS) {
      await page.goto(`http://${LISTEN}/#/${link}`);
      await page.reload();
      await expect.poll(() => page.evaluate(CONTROLS), { ...SEEN, message: link }).toEqual(set);
      if (opened !== undefined) await page.locator(opened).first().waitFor(SEEN);
      expect(new URL(page.url()).hash).toBe(`#/${link}`);
    }
  });

  test('the map has who calls and who is called, as a drawing and as a table', async () => {
    const page = await pages.open('#/map');
    await page
      .getByRole('button', { name: new RegExp(`^${VICTIM[4]}|${SCANNER[4]}`) })
      .first()
      .waitFor(SEEN);
    // What fails has a sign as well as a colour, and its line is drawn so
    await page.getByRole('button', { name: 'ports that did not answer' }).click();
    await page.getByText('1 failed (100 %)').waitFor(SEEN);
    expect(await page.locator('.map path.edge.bad').count()).toBe(1);
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

  test('the sockets have queues that ran over, and how evenly a port is shared', async () => {
    const { victim, scanner } = rig();
    const full = await victim.start([PYTHON, '-c', FULL, VICTIM[4]]);
    const fullPort = await full.out.wait('its port', (line) => line);
    const shared = await victim.start([PYTHON, '-c', SHARED, VICTIM[4]]);
    const sharedPort = await shared.out.wait('its port', (line) => line);
    const flood = await scanner.start([PYTHON, '-c', CROWD, VICTIM[4], fullPort, sharedPort]);
    await flood.out.wait('its connections', (line) => line === 'there' || undefined);
    const page = await pages.open('#/sockets');
    const row = (port: string) =>
      page
        .getByRole('table', { name: 'Listeners' })
        .getByRole('row')
        .filter({ hasText: `${VICTIM[4]}:${port}` });
    // One more than the backlog waits; those after are dropped
    await row(fullPort).filter({ hasText: '2 / 1' }).waitFor(SEEN);
    await row(fullPort).locator('td.bad').waitFor(SEEN);
    await row(sharedPort).filter({ hasText: 'many listeners' }).waitFor(SEEN);
    await row(sharedPort)
      .filter({ hasText: /[01]\.\d\d/ })
      .waitFor(SEEN);
    await row(sharedPort).getByRole('button').click();
    const members = page.getByRole('table', { name: 'Share of the open connections' });
    await members.getByRole('row').nth(2).waitFor(SEEN);
    expect(await page.getByRole('table', { name: 'Sockets' }).getByRole('row').count()).toBe(3);
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
