/** Debian's Chromium inside a network namespace. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** @param inside the command as it runs in the namespace */
export async function startChromium(
  inside: (argv: readonly string[]) => readonly string[],
): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'packetwatch-chromium-'));
  const command = join(folder, 'chromium');
  writeFileSync(command, `#!/bin/sh\nexec ${inside(['chromium']).join(' ')} "$@"\n`);
  chmodSync(command, 0o755);
  // As root it has no sandbox of its own; /dev/shm is small in containers
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  const browser = await chromium.launch({ executablePath: command, args });
  browser.once('disconnected', () => rmSync(folder, { recursive: true, force: true }));
  return browser;
}
