import type { Filter } from '../filter/filter.ts';
import type {
  ConnectionsAnswer,
  EdgesAnswer,
  PastBlocksAnswer,
  ScansAnswer,
  Story,
} from '../model/history.ts';

/** A connection is in the answer when one of its events is in this time, and passes the filter. */
export interface HistoryQuestion {
  /** Undefined: all. */
  readonly filter: Filter | undefined;
  /** Wall time, microseconds since 1970, inclusive; undefined: from the first event that is known. */
  readonly sinceUs: number | undefined;
  /** Exclusive; undefined: until now. */
  readonly untilUs: number | undefined;
}

/** A part of a long answer. */
export interface PageQuestion extends HistoryQuestion {
  /** At most so many, 1 to MAX_PAGE. */
  readonly limit: number;
  /** `more` of the answer before, to the same question; undefined: the newest. One that is none is bad usage (OperatorError). */
  readonly cursor: string | undefined;
}

/** An answer has at most so many connections, scans or blocks. */
export const MAX_PAGE = 1000;
/** And so many edges. */
export const MAX_EDGES = 500;

/** What was told, kept for a while: in memory, or in a store. Answers may take seconds; they throw OperatorError. */
export interface History {
  connections(question: PageQuestion): Promise<ConnectionsAnswer>;
  edges(question: HistoryQuestion): Promise<EdgesAnswer>;
  scans(question: PageQuestion): Promise<ScansAnswer>;
  /** By when they began, and by their sources, as `watch` tells them by a filter. */
  blocks(question: PageQuestion): Promise<PastBlocksAnswer>;
  /** @param id 16 hex digits; undefined: not known */
  story(id: string): Promise<Story | undefined>;
}
