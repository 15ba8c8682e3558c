import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChdb } from '../../src/store/find-chdb.ts';
import { MAIN } from './rig.ts';

/** What tests of the store need and this machine hasn't; undefined: nothing. */
export function storeMissing(): string | undefined {
  if (!existsSync(MAIN)) return 'dist/cli/main.js is not there: make build';
  try {
    findChdb();
    return undefined;
  } catch {
    return 'chDB is not installed: make store';
  }
}

/** What a disk may do to files: their length is kept, what is in them isn't. */
export function breakFiles(directory: string, which: RegExp): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name);
    if (!which.test(name) || !statSync(path).isFile()) continue;
    const { size } = statSync(path);
    truncateSync(path);
    writeFileSync(path, Buffer.alloc(size, 0x5a));
  }
}
