/** Debian's Chromium inside a network namespace, and the page of the program that runs there. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Namespace } from '../support/rig.ts';

export const LISTEN = '127.0.0.1:9470';
export const ORIGIN = `http://${LISTEN}`;

/** How long what was done may take to be seen. */
export const SEEN = { timeout: 15_000 } as const;

/** A browser whose network is that of the namespace. */
export async function startBrowser(namespace: Namespace): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'packetwatch-web-'));
  const command = join(folder, 'chromium');
  writeFileSync(command, `#!/bin/sh\nexec ${namespace.argv(['chromium']).join(' ')} "$@"\n`);
  chmodSync(command, 0o755);
  // As root it has no sandbox of its own; /dev/shm is small in containers
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  const browser = await chromium.launch({ executablePath: command, args });
  browser.once('disconnected', () => rmSync(folder, { recursive: true, force: true }));
  return browser;
}

/** A browser for all tests of a suite; each test's pages must have told no error. */
export function useBrowser(rig: () => { victim: Namespace }): Pages {
  let browser: Browser | undefined;
  const pages: Page[] = [];
  const errors: string[] = [];
  beforeAll(async () => {
    browser = await startBrowser(rig().victim);
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    expect(errors.splice(0)).toEqual([]);
  });
  afterAll(() => browser?.close());
  return {
    async open(path, options = {}) {
      const context = await browser!.newContext({
        viewport: { width: 1280, height: 800 },
        ...options,
      });
      const page = await context.newPage();
      pages.push(page);
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('console', (message) => {
        // A refusal that the page shows is in the console as well
        const isAnswer = message.text().startsWith('Failed to load resource');
        if (message.type() === 'error' && !isAnswer) errors.push(message.text());
      });
      await page.goto(`${ORIGIN}/${path}`);
      await page.getByText('is live').waitFor({ ...SEEN, state: 'attached' });
      return page;
    },
  };
}

export interface Pages {
  /** @param path from the `#` on */
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
}
