import { constants, setPriority } from 'node:os';
import { errorText, Exit, OperatorError } from '../model/errors.ts';
import { openChdb, type OpenStore } from './chdb.ts';
import { ClickHouseHistory } from './clickhouse-history.ts';
import { Inserter } from './insert.ts';
import type { AskMessage, FromStore, OpenMessage, Retention, ToStore } from './messages.ts';
import { firstLine, refusalOf } from './refusal.ts';
import { answer } from './remote.ts';
import { bound } from './retention.ts';

/** The size of the store is looked at so long after a batch. */
const BOUND_MS = 1000;
/** What chDB calls it when the disk has no room, or fails, or the memory that it may take is used up. */
const PASSING =
  /NOT_ENOUGH_SPACE|No space left|Disk quota|MEMORY_LIMIT|CANNOT_(?:WRITE|OPEN|CREATE)|errno|filesystem error|TOO_MANY_PARTS/;

/** The process that has a store (messages.ts). It ends when the program that started it does. */
export class StoreService {
  #store: OpenStore | undefined;
  #inserter!: Inserter;
  #history!: ClickHouseHistory;
  /** What is being done, one after the other: tables are written by one. */
  #last: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #retention: Retention | undefined;

  /** Runs until the other end is gone. */
  run(): void {
    // a terminal, or a service's end, tells all processes: this one still has to take what is told last
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
    setPriority(constants.priority.PRIORITY_LOW);
    process.on('message', (message: ToStore) => this.#take(message));
    process.on('disconnect', () => this.#queue(() => this.#close()));
  }

  #take(message: ToStore): void {
    if (message.kind === 'ask') void this.#ask(message);
    else if (message.kind === 'open') this.#queue(() => this.#open(message));
    else this.#queue(() => this.#insert(Buffer.from(message.lines), message.again));
  }

  #queue(step: () => Promise<void>): void {
    this.#last = this.#last.then(step);
  }

  async #open({ directory, retention }: OpenMessage): Promise<void> {
    try {
      this.#store = await openChdb(directory, retention !== undefined);
    } catch (error) {
      tell({ kind: 'closed', ...refusalOf(error) });
      return;
    }
    const { client } = this.#store;
    this.#inserter = new Inserter(client);
    this.#history = new ClickHouseHistory(client);
    tell({ kind: 'open', broken: this.#store.broken });
    this.#retention = retention;
    this.#boundSoon();
  }

  async #insert(lines: Buffer, again: boolean): Promise<void> {
    try {
      await this.#inserter.take(lines, again);
      if (this.#isGone()) return this.#abandon();
      tell({ kind: 'took' });
      this.#boundSoon();
    } catch (error) {
      if (this.#isGone()) return this.#abandon(); // whatever chDB calls it that its files are missing
      const why = errorText(error);
      tell({
        kind: 'failed',
        why: firstLine(why),
        passing: PASSING.test(`${why} ${typeOf(error)}`),
      });
    }
  }

  #isGone(): boolean {
    return this.#store?.isThere() === false;
  }

  /** The directory was removed. What chDB would write at its end would be the beginning of another store. */
  #abandon(): void {
    this.#store = undefined;
    const hint = 'another one is made in its place';
    tell({ kind: 'closed', message: 'the directory was removed', hint, exitCode: Exit.failed });
  }

  async #ask({ n, question }: AskMessage): Promise<void> {
    try {
      if (!this.#store)
        throw new OperatorError('the store is not open yet', 'ask again in a moment');
      tell({ kind: 'answer', n, answer: await answer(this.#history, question) });
    } catch (error) {
      tell({ kind: 'refused', n, ...refusalOf(error) });
    }
  }

  #boundSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#queue(() => this.#bound());
    }, BOUND_MS);
  }

  async #bound(): Promise<void> {
    if (!this.#store || !this.#retention) return;
    try {
      tell({ kind: 'use', ...(await bound(this.#store.client, this.#retention)) });
    } catch {
      // the next batch will fail as well, and that is told
    }
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#store?.close();
    process.exit(Exit.done);
  }
}

function tell(message: FromStore): void {
  if (process.connected) process.send!(message, () => {}); // who is gone needs no answer
}

function typeOf(error: unknown): string {
  return error instanceof Error && 'type' in error ? String(error.type) : '';
}
