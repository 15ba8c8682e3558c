import { visible } from '../text/visible.ts';
import type { ErrorAnswer } from './answers.ts';
import { currentToken } from './token.ts';

/** A request that was refused, or didn't arrive (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly hint: string;

  constructor(status: number, message: string, hint = '') {
    super(visible(message)); // it repeats what was asked, which may have come with a link
    this.status = status;
    this.hint = visible(hint);
  }

  /** A token is missing, or isn't the right one. */
  get isUnauthorized(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

/** Reading needs the token too: learnt from the first refusal, since one that is wrong costs whoever sends it. */
let readsWithToken = false;

/** `fetch` with the token where it is needed. @param path from the root on */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const isChange = init.method !== undefined && init.method !== 'GET';
  const token = currentToken();
  if (!isChange && !readsWithToken) {
    const response = await fetch(path, init);
    if (response.status !== 401 || token === undefined) return response;
    readsWithToken = true;
  }
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
  return fetch(path, { ...init, headers });
}

/** Asks the program. @param path below /api/v1 */
export async function get<T>(
  path: string,
  params: Readonly<Record<string, string | undefined>> = {},
  signal?: AbortSignal,
): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined && value !== '') query.set(name, value);
  const text = query.toString();
  return request<T>('GET', text === '' ? path : `${path}?${text}`, undefined, signal);
}

/** Changes something; needs the token. */
export function change(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
  return request(method, path, body);
}

async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await ask(`/api/v1${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error as Error;
    throw new ApiError(0, 'the program does not answer', 'is it running?');
  });
  if (!response.ok) throw await errorOf(response);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

export async function errorOf(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as ErrorAnswer;
    return new ApiError(response.status, error.message, error.hint);
  } catch {
    return new ApiError(response.status, `the program answered ${response.status}`);
  }
}
