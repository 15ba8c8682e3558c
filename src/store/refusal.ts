import { errorText, Exit, OperatorError } from '../model/errors.ts';
import type { Refusal } from './messages.ts';

/** An error on its way to another process. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof OperatorError)
    return { message: error.message, hint: error.hint, exitCode: error.exitCode };
  return {
    message: `the store could not answer: ${firstLine(errorText(error))}`,
    hint: 'ask for less time, or with a filter',
    exitCode: Exit.failed,
  };
}

/** What is told of a store that was opened without some of its parts. */
export function brokenNote(directory: string, broken: number): string {
  return `${broken} parts of the store in ${directory} are broken and were set aside: their events are missing`;
}

/** What chDB says is long. */
export function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, 300);
}
