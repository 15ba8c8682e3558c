import { closeSync, fstatSync, ftruncateSync, readFileSync, statSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { lockFile } from '../kernel/libc.ts';
import { privateDirectory } from '../kernel/private-directory.ts';
import { errorText, OperatorError } from '../model/errors.ts';
import { DATABASE, ddl } from './ddl.ts';
import { findChdb } from './find-chdb.ts';
import { firstLine } from './refusal.ts';

/** What of chDB's connection is used; the package is not installed where nobody asks for a store. */
interface Chdb {
  readonly createChdbConnection: (options: {
    path: string;
  }) => NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;
}

/** An open store: a directory that no other process has. */
export interface OpenStore {
  readonly client: ClickHouseClient;
  /** Parts of the tables that could not be read, and were set aside: what was in them is missing. */
  readonly broken: number;
  /** The directory is still there: chDB would write on into another one of its name, and lose that with its end. */
  readonly isThere: () => boolean;
  readonly close: () => Promise<void>;
}

/** Locked by whoever has the directory, whose number is in it. */
const LOCK = 'lock';

/** As the client tells what it does in every statement; the rest of this is what ClickHouse does by itself. */
const SETTINGS = {
  date_time_input_format: 'best_effort',
  date_time_output_format: 'iso',
  input_format_json_read_objects_as_strings: 1,
  input_format_json_read_arrays_as_strings: 1,
  output_format_json_quote_64bit_integers: 0,
} as const;

/**
 * Opens the tables in a directory, or makes them. One process has a directory at a time; it keeps it until it ends,
 * however that happens. Throws OperatorError.
 * @param make the tables, where they are not there; else they are taken as they are
 */
export async function openChdb(directory: string, make: boolean): Promise<OpenStore> {
  if (!make) mustBeOwn(directory);
  const { createChdbConnection } = requireChdb();
  privateDirectory(directory);
  const lock = takeLock(directory);
  try {
    const connection = createChdbConnection({ path: join(directory, 'chdb') });
    const client = createClient({ connection, clickhouse_settings: SETTINGS });
    if (make) for (const query of ddl()) await client.command({ query });
    return {
      client,
      broken: await brokenParts(client),
      isThere: () => isAt(directory, lock),
      close: async () => {
        await client.close();
        closeSync(lock);
      },
    };
  } catch (cause) {
    closeSync(lock);
    throw new OperatorError(
      `can't open the store in ${directory}: ${firstLine(errorText(cause))}`,
      'move the directory away to begin with an empty one',
      { cause },
    );
  }
}

/** What `privateDirectory` advises is for who is to write there: who only asks must not be told to remove it. */
function mustBeOwn(directory: string): void {
  const { uid } = statSync(directory);
  const user = process.geteuid!();
  if (uid === user) return;
  throw new OperatorError(
    `${directory} belongs to user ${uid}, and this is user ${user}`,
    `ask as that user: sudo -u '#${uid}' packetwatch query --store ${directory}; or, while watch runs, without --store`,
  );
}

function requireChdb(): Chdb {
  const path = findChdb();
  return createRequire(path)(path) as Chdb;
}

async function brokenParts(client: ClickHouseClient): Promise<number> {
  const result = await client.query({
    query: `select count() as parts from system.detached_parts
      where database = {database:String} and reason like 'broken%'`,
    query_params: { database: DATABASE },
    format: 'JSONEachRow',
  });
  const [row] = await result.json<{ parts: number }>();
  return row?.parts ?? 0;
}

function isAt(directory: string, lock: number): boolean {
  const there = statSync(join(directory, LOCK), { throwIfNoEntry: false });
  return there?.ino === fstatSync(lock).ino;
}

function takeLock(directory: string): number {
  const path = join(directory, LOCK);
  const lock = lockFile(path);
  if (lock === undefined)
    throw new OperatorError(
      `${directory} is in use by process ${readFileSync(path, 'utf8').trim()}`,
      'one process has a store at a time: ask that one, or end it',
    );
  ftruncateSync(lock);
  writeSync(lock, `${process.pid}\n`, 0);
  return lock;
}
