import { OperatorError } from '../model/errors.ts';
import type { History } from '../store/history.ts';
import type { HistoryAnswer, Question, Refusal } from '../store/messages.ts';
import { answer, historyBy } from '../store/remote.ts';
import { refusalOf } from '../store/refusal.ts';
import { ask } from './ask.ts';

/** A question over years may take long, and ends by itself. */
const PATIENCE_MS = 60_000;

/** What the command `query` of the running program answers. */
interface Told {
  readonly answer?: HistoryAnswer;
  readonly refused?: Refusal;
}

/** Answers a question that came over the socket. @param history undefined: nothing is kept */
export async function answerQuery(history: History | undefined, text: string): Promise<Told> {
  try {
    if (!history)
      throw new OperatorError('the running program keeps nothing', 'start it with --store DIR');
    return { answer: await answer(history, JSON.parse(text) as Question) };
  } catch (error) {
    return { refused: refusalOf(error) };
  }
}

/** History as the running program of this network namespace tells it. */
export function runningHistory(): History {
  return historyBy(async (question) => {
    const told = (await ask(`query ${JSON.stringify(question)}`, PATIENCE_MS)) as Told | undefined;
    if (told?.refused) {
      const { message, hint, exitCode } = told.refused;
      throw new OperatorError(message, hint, { exitCode });
    }
    return told?.answer;
  });
}
