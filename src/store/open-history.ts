import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Exit, OperatorError } from '../model/errors.ts';
import { findChdb } from './find-chdb.ts';
import type { History } from './history.ts';
import { brokenNote } from './refusal.ts';
import { StoreProcess } from './process.ts';
import { historyBy } from './remote.ts';

/** History that somebody has to close. */
export interface OpenHistory {
  readonly history: History;
  readonly close: () => Promise<void>;
}

/** Opens a store that no program has at the moment, as it is. Throws OperatorError. */
export async function openHistory(
  directory: string,
  program: string,
  note: (line: string) => void,
): Promise<OpenHistory> {
  findChdb();
  if (!existsSync(join(directory, 'chdb')))
    throw new OperatorError(
      `there is no store in ${directory}`,
      '`packetwatch watch --store DIR` makes one',
      { exitCode: Exit.usage },
    );
  let news: (error?: OperatorError) => void = () => {};
  const store = new StoreProcess({ directory, program }, (told) => {
    if (told.kind === 'open') {
      if (told.broken > 0) note(brokenNote(directory, told.broken));
      news();
    }
    if (told.kind === 'closed') news(new OperatorError(told.message, told.hint, told));
    if (told.kind === 'ended')
      news(new OperatorError(`the process of the store ended (${told.how})`, 'try again'));
  });
  const opened = new Promise<void>((resolve, reject) => {
    news = (error) => (error ? reject(error) : resolve());
  });
  store.start();
  try {
    await opened;
  } catch (error) {
    await store.stop();
    throw error;
  }
  return { history: historyBy((question) => store.ask(question)), close: () => store.stop() };
}
