import { createRequire } from 'node:module';
import { OperatorError } from '../model/errors.ts';

/** Where the engine is: beside this package, or where `make store` puts it. Throws OperatorError when it is nowhere. */
export function findChdb(): string {
  for (const from of [import.meta.url, new URL('../../tools/chdb/package.json', import.meta.url)])
    try {
      return createRequire(from).resolve('chdb/connection');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  throw new OperatorError(
    '--store needs chDB, which is not installed',
    '`make store` installs it in a clone; elsewhere: npm install chdb@3.4.0',
    { final: true },
  );
}
