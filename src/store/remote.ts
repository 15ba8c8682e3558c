import { parseFilter } from '../filter/filter.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import { type History, type HistoryQuestion, MAX_PAGE, type PageQuestion } from './history.ts';
import type { HistoryAnswer, Question } from './messages.ts';

/** Answers a question that came from another process. Throws OperatorError. */
export function answer(history: History, asked: Question): Promise<HistoryAnswer> {
  const { what, filter, sinceUs, untilUs, limit = MAX_PAGE, cursor, id = '' } = asked;
  const question: HistoryQuestion = {
    filter: filter === undefined ? undefined : parseFilter(filter),
    sinceUs,
    untilUs,
  };
  const page: PageQuestion = { ...question, limit: Math.min(limit, MAX_PAGE), cursor };
  switch (what) {
    case 'connections':
      return history.connections(page);
    case 'edges':
      return history.edges(question);
    case 'scans':
      return history.scans(page);
    case 'blocks':
      return history.blocks(page);
    case 'story':
      return history.story(id);
    default:
      throw new OperatorError('the store is asked what it does not know', 'use the same version', {
        exitCode: Exit.usage,
      });
  }
}

/** A question to be sent. */
export function questionOf(
  what: Question['what'],
  { filter, ...rest }: Partial<PageQuestion>,
): Question {
  return { what, filter: filter?.text, ...rest };
}

/** History by whoever answers questions elsewhere. */
export function historyBy(ask: (question: Question) => Promise<HistoryAnswer>): History {
  return {
    connections: (q) => ask(questionOf('connections', q)) as ReturnType<History['connections']>,
    edges: (q) => ask(questionOf('edges', q)) as ReturnType<History['edges']>,
    scans: (q) => ask(questionOf('scans', q)) as ReturnType<History['scans']>,
    blocks: (q) => ask(questionOf('blocks', q)) as ReturnType<History['blocks']>,
    story: (id) => ask({ what: 'story', id }) as ReturnType<History['story']>,
  };
}
