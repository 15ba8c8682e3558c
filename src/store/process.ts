import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { OperatorError } from '../model/errors.ts';
import type { FromStore, HistoryAnswer, OpenMessage, Question, TakeMessage } from './messages.ts';

export interface StoreProcessOptions extends Omit<OpenMessage, 'kind'> {
  /** What runs `packetwatch store-service`. */
  readonly program: string;
}

/** What a process that has a store tells of itself; answers are told to who asked. */
export type StoreNews = FromStore | { readonly kind: 'ended'; readonly how: string };

/** At the end it gets so long to store what it was given. */
const END_MS = 5000;

interface Asked {
  readonly resolve: (answer: HistoryAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** A process that has a store (service.ts), as the program that started it sees it. */
export class StoreProcess {
  readonly #options: StoreProcessOptions;
  readonly #news: (news: StoreNews) => void;
  readonly #asked: Map<number, Asked> = new Map();
  #child: ChildProcess | undefined;
  #questions = 0;

  /** @param news told what happens, until it has ended */
  constructor(options: StoreProcessOptions, news: (news: StoreNews) => void) {
    this.#options = options;
    this.#news = news;
  }

  start(): void {
    const { program, ...open } = this.#options;
    const child = fork(program, ['store-service'], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'], // chDB writes stacks of what it copes with
    });
    this.#child = child;
    let ended = false;
    const end = (how: string) => {
      if (ended) return;
      ended = true;
      this.#child = undefined;
      for (const { reject } of this.#asked.values())
        reject(new OperatorError(`the process of the store ended (${how})`, 'ask again'));
      this.#asked.clear();
      this.#news({ kind: 'ended', how });
    };
    child.on('message', (message: FromStore) => this.#take(message));
    child.on('error', ({ message }) => end(message));
    child.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    child.send({ kind: 'open', ...open }, () => {}); // who is gone is heard of by its end
  }

  send(message: TakeMessage): void {
    this.#child?.send(message, () => {});
  }

  ask(question: Question): Promise<HistoryAnswer> {
    const n = this.#questions++;
    return new Promise((resolve, reject) => {
      this.#asked.set(n, { resolve, reject });
      this.#child?.send({ kind: 'ask', n, question }, () => {});
    });
  }

  /** Ends it once what it was given is stored, within 5 s in any case. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await exit;
    clearTimeout(timer);
  }

  #take(message: FromStore): void {
    if (message.kind !== 'answer' && message.kind !== 'refused') {
      this.#news(message);
      return;
    }
    const asked = this.#asked.get(message.n);
    this.#asked.delete(message.n);
    if (message.kind === 'answer') asked?.resolve(message.answer);
    else {
      const { hint, exitCode } = message;
      asked?.reject(new OperatorError(message.message, hint, { exitCode }));
    }
  }
}
