import type { ApiError } from '../model/api.ts';
import type { Status } from './answers.ts';
import type { RefusalName } from './gate.ts';

/** An answer that isn't what was asked for. */
export class Refused extends Error {
  readonly status: Status;
  readonly code: string;
  readonly hint: string;
  /** As which of the refusals it counts, if one. */
  readonly why: RefusalName | undefined;

  constructor(status: Status, code: string, message: string, hint: string, why?: RefusalName) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.why = why;
  }
}

export function errorBody(code: string, message: string, hint: string): ApiError {
  return { error: { code, message, hint } };
}
