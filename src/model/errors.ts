/** Exit codes of every command. */
export const Exit = { done: 0, failed: 1, usage: 2 } as const;

/**
 * An error that is told to the operator as one line: what failed, why, and the mend.
 * The cause is kept for `--debug`.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly hint: string;
  readonly exitCode: number;

  constructor(message: string, hint: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = hint;
    this.exitCode = options.exitCode ?? Exit.failed;
  }
}
