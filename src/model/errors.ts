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
  /** No other way to what was asked for helps: another program has it, or it isn't there. */
  readonly final: boolean;

  constructor(
    message: string,
    hint: string,
    options: { cause?: unknown; exitCode?: number; final?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = hint;
    this.exitCode = options.exitCode ?? Exit.failed;
    this.final = options.final ?? false;
  }
}

/** By the errno of whatever could not be had: what there is too little of, and the mend. */
const SHORTAGES: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EMFILE: [
    'too many open files in this process',
    'raise its limit: `ulimit -n 1024`, or LimitNOFILE= of its service',
  ],
  ENFILE: ['too many open files on this host', 'raise fs.file-max'],
  ENOMEM: [
    'too little memory',
    'raise its limit (MemoryMax= of its service, memory.max), or free some',
  ],
  ENOSPC: ['no space left', 'free some there'],
};

/** An error of a system call as the operator may mend it; undefined when it is no shortage. */
export function shortage(error: unknown): OperatorError | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const found = SHORTAGES[String(error.code)];
  return found && new OperatorError(`${found[0]} (${error.message})`, found[1], { cause: error });
}

/** What was thrown, as a part of a line. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What was thrown, as an Error: anything may be. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('not an error', { cause: thrown });
}
