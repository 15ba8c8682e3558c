import { existsSync } from 'node:fs';
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
