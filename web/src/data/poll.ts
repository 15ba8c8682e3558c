import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get } from './http.ts';

export interface Polled<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  /** Asks again now. */
  readonly refresh: () => void;
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
  const [state, setState] = useState<{ data?: T; error?: ApiError; of?: string }>({});
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
          if (!abort.signal.aborted) setState({ data, of });
        }
      } catch (error) {
        if (abort.signal.aborted) return;
        if (error instanceof ApiError) setState((last) => ({ ...last, error, of }));
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
  return state.of === of || state.data !== undefined
    ? { data: state.data, error: state.error, refresh }
    : { data: undefined, error: undefined, refresh };
}
