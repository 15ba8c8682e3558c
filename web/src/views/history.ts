import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ConnectionsAnswer } from '../../../src/model/history.ts';
import { ApiError, get } from '../data/http.ts';
import type { Params } from '../data/route.ts';
import { RowStore } from '../data/rows.ts';
import { dateTime, whole } from '../text/format.ts';

/** Connections that are asked for at once. */
const PAGE = 500;

export interface History {
  /** Newest first. */
  readonly rows: RowStore;
  readonly error: ApiError | undefined;
  /** There may be older ones than those that are here. */
  readonly isCut: boolean;
  /** No more are loaded: the table has no room. */
  readonly isFull: boolean;
  /** The time that the answer covers, and where it is from. */
  readonly covers: string | undefined;
  /** Asks for older ones. */
  readonly more: () => void;
  /** The same after a failure. */
  readonly retry: () => void;
}

/** How many connections there are in a time. @param count of those that are loaded, as many as are shown */
export function countText(count: number, { rows, isCut, isFull }: Loaded): string {
  if (!isCut) return `${whole(count)} connections`;
  const some = count === rows.size ? '' : `${whole(count)} of `;
  const how = isFull ? 'for older ones choose another time or filter' : 'older ones by scrolling';
  return `${some}the newest ${whole(rows.size)} connections (${how})`;
}

type Loaded = Pick<History, 'isCut' | 'isFull'> & { readonly rows: Pick<RowStore, 'size'> };

interface Kept {
  readonly rows: RowStore;
  /** Where it goes on; null: there are no older ones. */
  cursor: string | null | undefined;
  busy: boolean;
  /** Nothing is asked for until somebody wants it. */
  failed: boolean;
}

/** Room for thousands of rows: made when the range changes, not whenever it is drawn. */
function nothing(): Kept {
  return { rows: new RowStore(), cursor: undefined, busy: false, failed: false };
}

/** What was kept of a time range, page by page as it is scrolled to. @param params undefined: nothing */
export function useHistory(params: Params | undefined): History {
  const state = useRef<Kept>(undefined!);
  state.current ??= nothing();
  const [{ error, covers }, setSaid] = useState<{ error?: ApiError; covers?: string }>({});
  const { filter, since, until } = params ?? {};
  const abort = useRef<AbortController | undefined>(undefined);

  const more = useCallback(() => {
    const { rows, cursor, busy, failed } = state.current;
    const signal = abort.current?.signal; // the table asks before the range is begun
    if (busy || failed || cursor === null || isFullOf(rows)) return;
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
        state.current.failed = true;
        const failure =
          reason instanceof ApiError ? reason : new ApiError(0, 'the answer can not be read');
        setSaid((said) => ({ ...said, error: failure }));
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

  const retry = useCallback(() => {
    state.current.failed = false;
    setSaid(({ error: _failure, ...said }) => said);
    more();
  }, [more]);
  const { rows, cursor } = state.current;
  return { rows, error, covers, more, retry, isCut: cursor !== null, isFull: isFullOf(rows) };
}

function isFullOf({ size, capacity }: RowStore): boolean {
  return size + PAGE > capacity;
}
