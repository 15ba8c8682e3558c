import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { errorText, OperatorError } from '../model/errors.ts';
import type { FromStore, HistoryAnswer, OpenMessage, Question, TakeMessage } from './messages.ts';

export interface StoreProcessOptions extends Omit<OpenMessage, 'kind'> {
  /** What runs `packetwatch store-service`. */
  readonly program: string;
}

/** What a process that has a store tells of itself; answers are told to who asked. */
export type StoreNews = FromStore | { readonly kind: 'ended'; readonly how: string };

/** A question gets so long: it ends by itself after 30 s, but for what chDB does before it looks at the clock. */
const PATIENCE_MS = 45_000;
/** At the end it gets so long to store what it was given. */
const END_MS = 5000;

interface Asked {
  readonly resolve: (answer: HistoryAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
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

  /** One that can't be started is told as ended. */
  start(): void {
    const { program, ...open } = this.#options;
    let child: ChildProcess;
    try {
      child = fork(program, ['store-service'], {
        execArgv: [],
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'], // chDB writes stacks of what it copes with
      });
    } catch (error) {
      this.#news({ kind: 'ended', how: errorText(error) }); // no memory, say
      return;
    }
    let ended = false;
    const end = (how: string) => {
      if (ended) return;
      ended = true;
      this.#child = undefined;
      for (const n of this.#asked.keys())
        this.#answered(n)?.reject(
          new OperatorError(`the process of the store ended (${how})`, 'ask again'),
        );
      this.#news({ kind: 'ended', how });
    };
    child.on('message', (message: FromStore) => this.#take(message));
    child.on('error', ({ message }) => end(message));
    child.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    if (child.pid === undefined) return; // no descriptors, say: `error` tells that, and there is no `send`
    this.#child = child;
    child.send({ kind: 'open', ...open }, () => {}); // who is gone is heard of by its end
  }

  send(message: TakeMessage): void {
    this.#child?.send(message, () => {});
  }

  /** The number of the process; undefined: none runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Throws OperatorError; when it says nothing, after 45 s. */
  ask(question: Question): Promise<HistoryAnswer> {
    const n = this.#questions++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#asked.delete(n);
        reject(
          new OperatorError(
            `the process of the store, ${this.pid}, does not answer`,
            'ask again later, for less time, or with a filter',
          ),
        );
      }, PATIENCE_MS);
      this.#asked.set(n, { resolve, reject, timer });
      this.#child?.send({ kind: 'ask', n, question }, () => {});
    });
  }

  /** Ends it at once; its end is told. */
  kill(): void {
    this.#child?.kill('SIGKILL');
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
    const asked = this.#answered(message.n);
    if (message.kind === 'answer') asked?.resolve(message.answer);
    else {
      const { hint, exitCode } = message;
      asked?.reject(new OperatorError(message.message, hint, { exitCode }));
    }
  }

  #answered(n: number): Asked | undefined {
    const asked = this.#asked.get(n);
    clearTimeout(asked?.timer);
    this.#asked.delete(n);
    return asked;
  }
}
