import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get } from './http.ts';

export interface Polled<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  /** Asks again now. */
  readonly refresh: () => void;
}

/** What was said last, and to which question. */
export interface Said<T> {
  readonly path: string | undefined;
  /** The path with its parameters. */
  readonly of: string;
  readonly data?: T;
  readonly error?: ApiError;
}

/**
 * What of it may be shown for the question of now. Other parameters of the same path leave the data until they are
 * answered, so that a table stays where it is; what another path said is of something else.
 */
export function shownOf<T>(said: Said<T>, path: string | undefined, of: string): Said<T> {
  if (said.of === of) return said;
  return said.path === path && said.data !== undefined
    ? { path, of, data: said.data }
    : { path, of };
}

/** After a failure data stays as long as it is what was asked for. */
export function failed<T>(
  said: Said<T>,
  path: string | undefined,
  of: string,
  error: ApiError,
): Said<T> {
  return said.of === of ? { ...said, error } : { path, of, error };
}

/**
 * Asks again and again while the component is there and the tab is seen.
 * @param path undefined: not now
 * @param turn when it changes it is asked at once
 */
export function usePoll<T>(
  path: string | undefined,
  params: Readonly<Record<string, string | undefined>>,
  everyMs: number,
  turn = 0,
): Polled<T> {
  const [state, setState] = useState<Said<T>>({ path: undefined, of: '' });
  const [round, setRound] = useState(0);
  const of = path === undefined ? '' : `${path}?${JSON.stringify(params)}`;
  const latest = useRef(params);
  latest.current = params;
  useEffect(() => {
    if (path === undefined) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        if (!document.hidden) {
          const data = await get<T>(path, latest.current, abort.signal);
          if (!abort.signal.aborted) setState({ path, of, data });
        }
      } catch (error) {
        if (abort.signal.aborted) return;
        if (error instanceof ApiError) setState((last) => failed(last, path, of, error));
      }
      if (!abort.signal.aborted) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [of, everyMs, round, turn]);
  const refresh = useCallback(() => setRound((n) => n + 1), []);
  const { data, error } = shownOf(state, path, of);
  return { data, error, refresh };
}
