import { useMemo } from 'preact/hooks';
import type { EdgesAnswer } from '../../../src/model/history.ts';
import { usePoll } from '../data/poll.ts';
import type { Params } from '../data/route.ts';
import { isTable, ShapeChoice } from '../parts/shape.tsx';
import { Empty, Failure } from '../parts/says.tsx';
import { keep } from '../shell/navigation.ts';
import { whole } from '../text/format.ts';
import { FilterBox } from './live-tools.tsx';
import { MapDrawing } from './map-drawing.tsx';
import { layOut } from './map-layout.ts';
import { MapTable } from './map-table.tsx';

const RANGES = [
  ['5m', 'Last 5 minutes', 300],
  ['15m', 'Last 15 minutes', 900],
  ['1h', 'Last hour', 3600],
  ['24h', 'Last day', 86_400],
] as const;

/** Who talks to whom on this host. */
export function MapView({ params }: { params: Params }) {
  const since = params['since'] ?? '15m';
  const { data, error } = usePoll<EdgesAnswer>('/map', { filter: params['filter'], since }, 5000);
  const seconds = data ? secondsOf(data, since) : Number.NaN;
  const layout = useMemo(() => layOut(data?.edges ?? []), [data]);
  return (
    <div class="page">
      <div class="tools" role="search">
        <FilterBox filter={params['filter'] ?? ''} error={error} />
        <ShapeChoice params={params} />
        <select
          aria-label="Time"
          value={since}
          onChange={(event) => keep({ since: event.currentTarget.value })}
        >
          {RANGES.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      </div>
      {error?.isUnauthorized === true && <Failure error={error} />}
      {data && data.edges.length === 0 && <Empty>No connections in this time.</Empty>}
      {data && data.edges.length > 0 && isTable(params) && (
        <MapTable edges={data.edges} seconds={seconds} />
      )}
      {data && data.edges.length > 0 && !isTable(params) && (
        <MapDrawing layout={layout} seconds={seconds} chosen={params['node']} />
      )}
      {data && data.more > 0 && (
        <p class="note quiet">{whole(data.more)} edges with fewer connections are left out.</p>
      )}
    </div>
  );
}

/** Of the time that the answer covers, which may be shorter than what was asked for. */
function secondsOf({ covers }: EdgesAnswer, since: string): number {
  const asked = RANGES.find(([value]) => value === since)?.[2] ?? 900;
  const known = (Date.parse(covers.until_ts) - Date.parse(covers.since_ts)) / 1000;
  return Math.max(1, Math.min(asked, known));
}
