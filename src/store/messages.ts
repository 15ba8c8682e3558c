import type {
  ConnectionsAnswer,
  EdgesAnswer,
  PastBlocksAnswer,
  ScansAnswer,
  Story,
} from '../model/history.ts';

/**
 * What the program and the process that has its store say to each other (node:child_process, advanced serialization).
 * The store is a process of its own: its engine is native code that takes hundreds of MB, and may block, or crash.
 */
export type ToStore = OpenMessage | TakeMessage | AskMessage;

export interface OpenMessage {
  readonly kind: 'open';
  readonly directory: string;
  /** What of it is kept; undefined: the tables are there, and are taken as they are. */
  readonly retention?: Retention;
}

/** What goes. */
export interface Retention {
  /** What is older. */
  readonly keepSeconds: number;
  /** What is beyond so much on disk, the oldest first. */
  readonly maxBytes: number;
}

/** One batch at a time: the next one when this one is answered. */
export interface TakeMessage {
  readonly kind: 'take';
  /** Lines of `-o json`. */
  readonly lines: Uint8Array;
  /** They were sent before, to a process that didn't answer. */
  readonly again: boolean;
}

export interface AskMessage {
  readonly kind: 'ask';
  readonly n: number;
  readonly question: Question;
}

/** A question of History; filters as text. */
export interface Question {
  readonly what: 'connections' | 'edges' | 'scans' | 'blocks' | 'story';
  readonly filter?: string | undefined;
  readonly sinceUs?: number | undefined;
  readonly untilUs?: number | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly id?: string | undefined;
}

export type HistoryAnswer =
  | ConnectionsAnswer
  | EdgesAnswer
  | ScansAnswer
  | PastBlocksAnswer
  | Story
  | undefined;

export type FromStore =
  | { readonly kind: 'open'; readonly broken: number }
  /** The batch is stored: it survives the end of both processes. */
  | { readonly kind: 'took' }
  /** It isn't. @property passing once there is room, say */
  | { readonly kind: 'failed'; readonly why: string; readonly passing: boolean }
  | { readonly kind: 'answer'; readonly n: number; readonly answer: HistoryAnswer }
  | ({ readonly kind: 'refused'; readonly n: number } & Refusal)
  | ({ readonly kind: 'closed' } & Refusal)
  | ({ readonly kind: 'use' } & StoreUse);

/** An OperatorError on its way. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
  readonly exitCode: number;
}

export interface StoreUse {
  readonly rows: number;
  /** On disk. */
  readonly bytes: number;
}
