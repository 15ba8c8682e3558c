import { Exit, OperatorError } from '../model/errors.ts';

/** A word or sign of a filter; the last one is the end, which has no text. */
export interface Token {
  readonly text: string;
  /** Column of its first character, from 1. */
  readonly column: number;
}

/** So long is the longest filter: what is typed or pasted, not what a program makes of a list. */
export const MAX_LENGTH = 4096;

/**
 * Cuts a filter into parentheses, `!`, `&&`, `||` and words.
 * @throws OperatorError when it is longer than 4 KiB, or has a single `&` or `|`
 */
export function tokensOf(text: string): Token[] {
  if (text.length > MAX_LENGTH)
    throw new OperatorError(
      `the filter has ${text.length} characters`,
      `${MAX_LENGTH} are the most: join hosts to nets, and ports to port ranges`,
      { exitCode: Exit.usage },
    );
  const tokens: Token[] = [];
  for (const match of text.matchAll(/[()!]|&&?|\|\|?|[^\s()!&|]+/g)) {
    const token = { text: match[0], column: match.index + 1 };
    if (token.text === '&' || token.text === '|')
      throw unexpected(token, `${token.text}${token.text}`);
    tokens.push(token);
  }
  tokens.push({ text: '', column: text.trimEnd().length + 1 });
  return tokens;
}

/** The error for a token that can't stand where it does. @param expected what could, with an example */
export function unexpected(token: Token, expected: string): OperatorError {
  const found = token.text === '' ? 'end' : `'${shown(token.text)}'`;
  return new OperatorError(
    `filter, column ${token.column}: unexpected ${found}`,
    `expected ${expected}`,
    { exitCode: Exit.usage },
  );
}

/** So much of a word is shown. */
const SHOWN = 40;

/** A word as it may stand in a line on a terminal. */
function shown(text: string): string {
  const safe = text.slice(0, SHOWN).replace(/[^\x20-\x7e]/g, '?');
  return text.length > SHOWN ? `${safe}...` : safe;
}
