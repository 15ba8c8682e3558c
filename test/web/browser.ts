/** The page of the program that runs in a namespace, in a browser that runs there too. */
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { startChromium } from '../support/chromium.ts';
import type { Watch } from '../support/packetwatch.ts';
import type { Namespace } from '../support/rig.ts';

export const LISTEN = '127.0.0.1:9470';
/** How long what was done may take to be seen. */
export const SEEN = { timeout: 15_000 } as const;

/** A browser for all tests of a suite; each test's pages must have told no error. */
export function useBrowser(rig: () => { victim: Namespace }, origin = `http://${LISTEN}`): Pages {
  let browser: Browser | undefined;
  const pages: Page[] = [];
  const errors: string[] = [];
  beforeAll(async () => {
    browser = await startChromium((argv) => rig().victim.argv(argv));
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    expect(errors.splice(0)).toEqual([]);
  });
  afterAll(() => browser?.close());
  return {
    async open(path, { isRefused = false, script = '', ...options } = {}) {
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
        // What plain HTTP from another host than this one is told; no fault of the page
        const isPlain = message.text().startsWith('The Cross-Origin-Opener-Policy header');
        if (message.type() === 'error' && !isAnswer && !isPlain) errors.push(message.text());
      });
      // The page works without any other network
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== origin) errors.push(`asked for ${request.url()}`);
      });
      await page.addInitScript(script);
      await page.goto(`${origin}/${path}`);
      if (!isRefused) await page.getByText('is live').waitFor({ ...SEEN, state: 'attached' });
      return page;
    },
  };
}

interface OpenOptions extends BrowserContextOptions {
  /** The program tells nothing yet; otherwise it is waited for. */
  readonly isRefused?: boolean;
  /** Runs before the page's own. */
  readonly script?: string;
}

export interface Pages {
  /** @param path from the `#` on */
  open(path: string, options?: OpenOptions): Promise<Page>;
}

/** The token, which is told at the first start, and then kept in the file that is named. */
export async function tokenOf(watch: Watch): Promise<string> {
  const [, told, path] = await watch.note(
    /page at \S+?\/(?:#token=(\S+) .*|, its token is in (\S+))$/,
  );
  return told ?? readFileSync(path!, 'utf8').trim();
}
