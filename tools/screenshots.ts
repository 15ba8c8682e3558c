/**
 * npx tsx tools/screenshots.ts: writes docs/screenshots/*.png, what the page shows of real traffic towards the real
 * program in a network namespace. Needs root and Debian's chromium.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { startChromium } from '../test/support/chromium.ts';
import { until } from '../test/support/command.ts';
import { Watch } from '../test/support/packetwatch.ts';
import { PYTHON } from '../test/support/peer.ts';
import { otherScanner, Rig, SCANNER_IF, VICTIM, VICTIM_IF } from '../test/support/rig.ts';

const FOLDER = fileURLToPath(new URL('../docs/screenshots/', import.meta.url));
const LISTEN = '127.0.0.1:9470';
const SCANS = { vertical: otherScanner(7, 4), stealth: otherScanner(9, 4) };

/** What is done before the picture is taken; the page is open at the view. */
type Prepare = (page: Page) => Promise<unknown>;

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly dark?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly prepare: Prepare;
}

const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text }).first();

const SHOTS: readonly Shot[] = [
  { name: 'live-dark', path: '#/live', dark: true, prepare: (page) => settle(page) },
  {
    name: 'story',
    path: '#/live?filter=port+80',
    height: 620,
    async prepare(page) {
      await row(page, 'closed').click();
      await page.getByRole('complementary').getByText('conn_state').waitFor();
    },
  },
  {
    name: 'map',
    path: '#/map',
    height: 560,
    prepare: (page) => page.getByRole('button', { name: '/s' }).first().waitFor(),
  },
  {
    name: 'scans-dark',
    path: '#/scans',
    dark: true,
    async prepare(page) {
      await page.getByRole('button', { name: SCANS.vertical }).first().click();
      await page.getByRole('img', { name: /probes/ }).waitFor();
    },
  },
  {
    name: 'tcp-dark',
    path: '#/tcp?state=ESTABLISHED',
    dark: true,
    prepare: (page) => page.getByRole('complementary').getByRole('listitem').first().waitFor(),
  },
  {
    name: 'sockets',
    path: '#/sockets',
    height: 720,
    prepare: (page) => row(page, ':80').waitFor(),
  },
  {
    name: 'health',
    path: '#/health',
    async prepare(page) {
      await row(page, 'attempts').waitFor();
      await sleep(30_000); // rates are drawn as they come
    },
  },
  {
    name: 'glossary-dark',
    path: '#/live',
    dark: true,
    height: 420,
    async prepare(page) {
      await page.getByRole('button', { name: 'RTT' }).click();
      await page.getByText('See').waitFor();
    },
  },
  { name: 'narrow', path: '#/live', width: 360, height: 640, prepare: (page) => settle(page) },
];

/** Until there is more than a screen of rows, and rates. */
async function settle(page: Page): Promise<void> {
  await page.getByRole('row').nth(10).waitFor({ state: 'attached' });
  await sleep(25_000);
}

/** Clients and servers in both namespaces, for as long as they stand. */
async function traffic({ scanner, victim }: Rig): Promise<void> {
  const serve = (port: string) => [PYTHON, '-m', 'http.server', '--bind', '::', port, '-d', FOLDER];
  await Promise.all([
    victim.start(serve('80')),
    victim.start(serve('8080')),
    scanner.start(serve('443')),
  ]);
  const server = await victim.peer();
  await server.listen({ host: '::', port: 5432, mode: 'echo' });
  await server.listen({ host: VICTIM[4], port: 6379, mode: 'idle' });
  const client = await scanner.peer();
  for (let n = 1; n <= 4; n++)
    await client.connect({ host: VICTIM[4], port: 5432, source: otherScanner(n, 4), end: 'hold' });
  for (let n = 0; n < 3; n++) await client.connect({ host: VICTIM[4], port: 6379, end: 'hold' });
  const get = (from: number, url: string) =>
    `curl -s -o /dev/null --max-time 2 --interface ${otherScanner(from, 4)} ${url}`;
  const own = (url: string) => `curl -g -s -o /dev/null --max-time 2 ${url}`;
  const [host, host6] = [`http://${VICTIM[4]}`, `http://[${VICTIM[6]}]`];
  await scanner.start(
    loop(
      0.11,
      [1, 1, 2, 2, 3, 4, 5].map((n) => get(n, `${host}/`)),
    ),
  );
  await scanner.start(
    loop(0.6, [get(6, `${host}:8080/`), get(6, `${host}:9999/`), own(`${host6}/`)]),
  );
  const away = [`http://${otherScanner(3, 4)}:443/`, `http://${otherScanner(5, 4)}:443/`];
  await victim.start(loop(0.3, [...away, `http://${otherScanner(5, 4)}:25/`].map(own)));
  await victim.start(loop(0.5, ['http://127.0.0.1:8080/', 'http://[::1]:80/'].map(own)));
}

function loop(seconds: number, commands: readonly string[]): string[] {
  const body = commands.map((command) => `${command}; sleep ${seconds}`).join('\n');
  return ['sh', '-c', `while true; do\n${body}\ndone`];
}

async function scan({ scanner }: Rig, source: string, how: readonly string[]): Promise<void> {
  const who = ['-S', source, '-e', SCANNER_IF, '-Pn', '-n', '--max-retries', '0'];
  await scanner.run(['nmap', ...who, ...how, VICTIM[4]]);
}

mkdirSync(FOLDER, { recursive: true });
const rig = await Rig.direct();
try {
  const watch = await Watch.start(rig.victim, ['-i', VICTIM_IF, '-i', 'lo', '--listen', LISTEN]);
  await traffic(rig);
  const browser = await startChromium((argv) => rig.victim.argv(argv));
  await scan(rig, SCANS.stealth, ['-sF', '-p', '100-130', '--max-rate', '40']);
  await scan(rig, SCANS.vertical, ['-sS', '-p', '20-90,5432,8080', '--max-rate', '20']);
  await until('the scans', () => watch.lines.some((line) => line.includes(SCANS.vertical)));
  await rig.victim.must([process.execPath, 'dist/cli/main.js', 'block', 'add', SCANS.stealth]);
  for (const { name, path, dark = false, width = 1280, height = 800, prepare } of SHOTS) {
    const viewport = { width, height };
    const page = await browser.newPage({ viewport, colorScheme: dark ? 'dark' : 'light' });
    await page.goto(`http://${LISTEN}/${path}`);
    await prepare(page);
    await page.mouse.move(0, height - 1);
    await page.screenshot({ path: `${FOLDER}${name}.png`, animations: 'disabled' });
    await page.close();
    process.stdout.write(`docs/screenshots/${name}.png\n`);
  }
  await browser.close();
  await watch.stop();
} finally {
  await rig.down();
}
