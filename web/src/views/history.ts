import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ConnectionsAnswer } from '../../../src/model/history.ts';
import { ApiError, get } from '../data/http.ts';
import type { Params } from '../data/route.ts';
import { RowStore } from '../data/rows.ts';
import { dateTime } from '../text/format.ts';

/** Connections that are asked for at once. */
const PAGE = 500;

export interface History {
  /** Newest first. */
  readonly rows: RowStore;
  readonly error: ApiError | undefined;
  /** The time that the answer covers, and where it is from. */
  readonly covers: string | undefined;
  /** Asks for older ones. */
  readonly more: () => void;
}

interface Kept {
  readonly rows: RowStore;
  /** Where it goes on; null: there are no older ones. */
  cursor: string | null | undefined;
  busy: boolean;
}

/** Room for thousands of rows: made when the range changes, not whenever it is drawn. */
function nothing(): Kept {
  return { rows: new RowStore(), cursor: undefined, busy: false };
}

/** What was kept of a time range, page by page as it is scrolled to. @param params undefined: nothing */
export function useHistory(params: Params | undefined): History {
  const state = useRef<Kept>(undefined!);
  state.current ??= nothing();
  const [{ error, covers }, setSaid] = useState<{ error?: ApiError; covers?: string }>({});
  const { filter, since, until } = params ?? {};
  const abort = useRef<AbortController | undefined>(undefined);

  const more = useCallback(() => {
    const { rows, cursor, busy } = state.current;
    const signal = abort.current?.signal; // the table asks before the range is begun
    if (busy || cursor === null || rows.size + PAGE > rows.capacity) return;
    if (since === undefined || signal === undefined) return;
    state.current.busy = true;
    const ask = async () => {
      try {
        const answer = await get<ConnectionsAnswer>(
          '/connections',
          { filter, since, until, limit: String(PAGE), cursor },
          signal,
        );
        for (const event of answer.connections) rows.put(event);
        state.current.cursor = answer.more;
        const [from, to] = [answer.covers.since_ts, answer.covers.until_ts];
        const where = answer.from === 'store' ? 'the store' : 'memory';
        setSaid({
          covers: `${dateTime(Date.parse(from))} – ${dateTime(Date.parse(to))}, from ${where}`,
        });
      } catch (reason) {
        if (signal.aborted) return;
        state.current.cursor = null;
        if (reason instanceof ApiError) setSaid({ error: reason });
      }
      state.current.busy = false;
    };
    void ask();
  }, [filter, since, until]);

  useEffect(() => {
    abort.current = new AbortController();
    state.current = nothing();
    setSaid({});
    more();
    return () => abort.current!.abort();
  }, [more]);

  return { rows: state.current.rows, error, covers, more };
}
