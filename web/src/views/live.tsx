import { useCallback, useMemo } from 'preact/hooks';
import type { Params } from '../data/route.ts';
import { type Shown, SHOWN } from '../data/row-state.ts';
import { session } from '../data/session.ts';
import { useWatched } from '../data/watched.ts';
import { Icon } from '../parts/icon.tsx';
import { Failure } from '../parts/says.tsx';
import { announce } from '../shell/announce.ts';
import { keep } from '../shell/navigation.ts';
import { useShortcuts } from '../shell/shortcuts.ts';
import { ConnectionTable } from './live-table.tsx';
import { FilterBox, PauseButton, RangeChoice, ShownChoice } from './live-tools.tsx';
import { Figures, SamplingNote } from './live-figures.tsx';
import { Story } from './story.tsx';
import { countText, useHistory } from './history.ts';

/** The stream of connections, or with a time range what was kept of it. */
export function LiveView({ params }: { params: Params }) {
  useWatched(session);
  const isPast = params['since'] !== undefined;
  const history = useHistory(isPast ? params : undefined);
  const shown = shownOf(params['show']);
  const list = useMemo(() => new Float64Array(session.rows.capacity), []);
  const store = isPast ? history.rows : session.rows;
  const count = isPast
    ? store.selectOldestFirst(list, SHOWN[shown])
    : store.select(list, SHOWN[shown]);
  const opened = params['id'];

  const togglePause = useCallback(() => {
    if (session.paused) {
      announce('Going on');
      void session.follow();
    } else {
      announce('Paused');
      session.hold('paused');
    }
  }, []);
  useShortcuts(useMemo(() => ({ p: togglePause }), [togglePause]));
  const close = useCallback(() => keep({ id: undefined }), []);
  const error = isPast ? history.error : session.refusal;
  // What can't be read of the question is told beside it
  const isFailed = isPast && error !== undefined && error.status !== 400 && !error.isUnauthorized;

  // Drawn again when they change, not with each batch of events
  const tools = useMemo(
    () => (
      <div class="tools" role="search">
        <FilterBox filter={params['filter'] ?? ''} error={isFailed ? undefined : error} />
        <ShownChoice shown={shown} />
        <RangeChoice since={params['since']} />
        {!isPast && <PauseButton paused={session.paused} onToggle={togglePause} />}
      </div>
    ),
    [params, error, session.paused],
  );
  const figures = useMemo(() => <Figures />, [session.rates.last]);

  return (
    <div class={`live ${opened === undefined ? '' : 'has-story'}`}>
      {tools}
      {error?.isUnauthorized === true && <Failure error={error} />}
      {isPast ? (
        <p class="figures">
          {history.covers === undefined ? '' : `${countText(count, history)}, ${history.covers}`}
        </p>
      ) : (
        figures
      )}
      {!isPast && <SamplingNote />}
      {isFailed && (
        <p class="strip warn" role="alert">
          <Icon name="warn" />
          <span>
            {store.size > 0 ? 'Older connections' : 'Connections'} could not be loaded:{' '}
            {error.message}
          </span>
          <button type="button" class="small" onClick={history.retry}>
            Try again
          </button>
        </p>
      )}
      <ConnectionTable
        store={store}
        list={list}
        count={count}
        opened={opened}
        isPast={isPast}
        onEnd={history.more}
      />
      {opened !== undefined && <Story id={opened} onClose={close} />}
    </div>
  );
}

function shownOf(text: string | undefined): Shown {
  return text !== undefined && text in SHOWN ? (text as Shown) : 'all';
}
