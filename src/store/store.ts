import { setTimeout as pause } from 'node:timers/promises';
import { OperatorError } from '../model/errors.ts';
import { findChdb } from './find-chdb.ts';
import type { History } from './history.ts';
import type { HistoryAnswer, Question, Retention, StoreUse } from './messages.ts';
import { type StoreNews, StoreProcess, type StoreProcessOptions } from './process.ts';
import { StoreQueue } from './queue.ts';
import { brokenNote } from './refusal.ts';
import { historyBy } from './remote.ts';

/** What `--store` asks for. */
export type StoreConfig = Required<StoreProcessOptions>;

export const STORE_DEFAULTS: Retention = { keepSeconds: 2_592_000, maxBytes: 10_000_000_000 };

/** How the store does, for `status` and the metrics. */
export interface StoreCounts extends StoreUse {
  readonly directory: string;
  readonly state: 'opening' | 'open' | 'failing';
  /** Of the process that has it; absent: none runs at the moment. */
  readonly pid?: number;
  /** Why it fails. */
  readonly why?: string;
  /** Events stored since the start, that wait, and that could not be stored. */
  readonly kept: number;
  readonly waiting: number;
  readonly lost: number;
}

/** A process that ended, or a batch that was refused, is tried again after so long, twice as long each time. */
const AGAIN_MS = 500;
const AGAIN_MOST_MS = 30_000;
/** A batch that the store refuses so often for what is in it is given up. */
const REFUSALS = 3;
/** A process that has answered nothing for so long, opening or with a batch, is told as failing. */
const SILENT_MS = 10_000;
/** And is ended after so long, to be started again: a batch takes seconds, even of 32 MiB on a slow disk. */
const HUNG_MS = 120_000;
/** At the end what waits gets so long, and is looked at so often. */
const END_MS = 5000;
const STEP_MS = 5;

/**
 * What is kept: the queue, and the process that takes from it, started again when it ends. Whatever becomes of that,
 * nobody waits for it: what can't be kept is counted as lost.
 */
export class Store {
  readonly queue: StoreQueue = new StoreQueue();
  readonly history: History = historyBy((question) => this.#ask(question));
  readonly #directory: string;
  readonly #process: StoreProcess;
  readonly #note: (line: string) => void;
  #state: 'ended' | 'opening' | 'open' = 'ended';
  #ending = false;
  /** When the process was started, or sent a batch; undefined: it owes no answer. */
  #askedMs: number | undefined;
  #why: string | undefined;
  #lostBefore = 0;
  #refusals = 0;
  #againMs = AGAIN_MS;
  #notBeforeMs = 0;
  #use: StoreUse = { rows: 0, bytes: 0 };

  constructor(config: StoreConfig, note: (line: string) => void) {
    this.#directory = config.directory;
    this.#process = new StoreProcess(config, (news) => this.#take(news));
    this.#note = note;
  }

  /** Throws OperatorError when there is no engine for it; all else passes, and is told. */
  start(): void {
    findChdb();
    this.#begin();
  }

  /** Hands on what is due, and tries again what is. Call it often. @param all whatever waits is due */
  look(all = false): void {
    const nowMs = performance.now();
    if (this.#askedMs !== undefined) {
      this.#await(nowMs - this.#askedMs);
      return;
    }
    if (nowMs < this.#notBeforeMs) return;
    if (this.#state === 'ended') this.#begin();
    if (this.#state !== 'open') return;
    const before = this.queue.sent;
    const batch = before ?? this.queue.next(all);
    if (batch === undefined) return;
    this.#askedMs = nowMs;
    this.#process.send({ kind: 'take', lines: batch.bytes, again: before !== undefined });
  }

  counts(): StoreCounts {
    const { kept, waiting } = this.queue;
    const { pid } = this.#process;
    return {
      directory: this.#directory,
      state: this.#why !== undefined ? 'failing' : this.#state === 'open' ? 'open' : 'opening',
      ...(pid === undefined ? {} : { pid }),
      ...(this.#why === undefined ? {} : { why: this.#why }),
      kept,
      waiting,
      lost: this.queue.counts().lost,
      ...this.#use,
    };
  }

  /** It can be asked. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** From here on what waits holds back no record: it is stored before the program ends, or lost with it. */
  letGo(): void {
    this.#ending = true;
    this.queue.trouble = true;
    this.#soon(); // there may be room again, and what waits has few seconds left
  }

  /** Stores what waits, for at most 5 s, and ends the process. */
  async stop(): Promise<void> {
    this.letGo();
    const endMs = performance.now() + END_MS;
    while (this.queue.waiting > 0 && performance.now() < endMs) {
      this.look(true);
      await pause(STEP_MS);
    }
    const left = this.queue.waiting;
    if (left > 0) this.#note(`${left} events are not kept in ${this.#directory}`);
    await this.#process.stop();
  }

  #begin(): void {
    this.#state = 'opening';
    this.#askedMs = performance.now();
    this.#process.start();
  }

  /** It was stopped, hangs, or its disk does. */
  #await(silentMs: number): void {
    if (silentMs > SILENT_MS) this.#fail(`its process ${this.#process.pid} does not answer`);
    if (silentMs > HUNG_MS) this.#process.kill();
  }

  #take(news: StoreNews): void {
    switch (news.kind) {
      case 'open':
        this.#state = 'open';
        this.#askedMs = undefined;
        if (news.broken > 0) this.#note(brokenNote(this.#directory, news.broken));
        if (this.queue.sent === undefined) this.#recover();
        break;
      case 'took':
        this.#askedMs = undefined;
        this.queue.answered(true);
        this.#recover();
        break;
      case 'failed':
        this.#askedMs = undefined;
        if (!news.passing && ++this.#refusals >= REFUSALS) this.#giveUp();
        this.#fail(news.why);
        this.#later();
        break;
      case 'closed':
        this.#fail(`${news.message}: ${news.hint}`);
        void this.#process.stop();
        break;
      case 'ended':
        this.#state = 'ended';
        this.#askedMs = undefined;
        if (!this.#ending) this.#fail(`its process ended (${news.how})`);
        this.#later();
        break;
      case 'use':
        this.#use = { rows: news.rows, bytes: news.bytes };
        break;
      default:
    }
  }

  async #ask(question: Question): Promise<HistoryAnswer> {
    const silentMs = performance.now() - (this.#askedMs ?? Infinity);
    if (this.#state === 'open' && silentMs <= SILENT_MS) return this.#process.ask(question);
    throw new OperatorError(
      `the store in ${this.#directory} ${this.#why === undefined ? 'is not open yet' : `can't answer: ${this.#why}`}`,
      'ask again in a moment; `packetwatch status` tells how it does',
    );
  }

  #giveUp(): void {
    this.#refusals = 0;
    this.queue.answered(false);
  }

  #later(): void {
    this.#notBeforeMs = performance.now() + this.#againMs;
    this.#againMs = Math.min(this.#againMs * 2, AGAIN_MOST_MS);
  }

  #soon(): void {
    this.#againMs = AGAIN_MS;
    this.#notBeforeMs = 0;
  }

  /** Told once, with the first reason. */
  #fail(why: string): void {
    this.queue.trouble = true;
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#lostBefore = this.queue.counts().lost;
    this.#note(
      `cannot keep events in ${this.#directory}: ${why}: they wait in memory and then are lost, until it can`,
    );
  }

  #recover(): void {
    this.#refusals = 0;
    this.#soon();
    if (this.#why === undefined) return;
    const lost = this.queue.counts().lost - this.#lostBefore;
    this.#note(`events are kept in ${this.#directory} again; ${lost} were lost`);
    this.#why = undefined;
    this.queue.trouble = this.#ending;
  }
}
