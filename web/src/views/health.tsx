import type { HealthAnswer } from '../data/answers.ts';
import { usePoll } from '../data/poll.ts';
import type { Params } from '../data/route.ts';
import { RATED } from '../data/rates.ts';
import { session } from '../data/session.ts';
import { useWatched } from '../data/watched.ts';
import { Failure } from '../parts/says.tsx';
import { isTable, ShapeChoice } from '../parts/shape.tsx';
import { Term } from '../parts/term.tsx';
import { bytes, clock, percent, rate, whole } from '../text/format.ts';
import { RateChart } from './rate-chart.tsx';

/** What was seen, what was lost and where, and what the program itself costs. */
export function HealthView({ params }: { params: Params }) {
  const { data, error } = usePoll<HealthAnswer>('/health', {}, 2000);
  const { rates, run } = useWatched(session);
  return (
    <div class="page">
      {error && !data && <Failure error={error} />}
      {data && (
        <dl class="tiles">
          <Tile slug={`source-${data.source}`} word="Source" value={data.source} />
          <Tile word="CPU" value={`${data.cost.cpu_percent.toFixed(1)} %`} note="of one core" />
          <Tile
            word="Memory"
            value={bytes(data.cost.resident_bytes)}
            note={`${bytes(data.cost.heap_bytes)} of it heap`}
          />
          <Tile
            slug="connection"
            word="Connections"
            value={whole(rates.last?.live ?? 0)}
            note="followed now"
          />
          <Tile
            slug="event-loss"
            word="Lost"
            value={whole(data.stages.reduce((sum, { lost }) => sum + lost, 0))}
            note="since the start"
            isBad={data.stages.some(({ lost }) => lost > 0)}
          />
          {run && <Tile word="Version" value={run.version} note={run.host} />}
        </dl>
      )}
      <div class="sheet">
        <div class="sheet-head">
          <h2>Rates</h2>
          <span class="quiet">per second, since this page was opened, five minutes at most</span>
          <span class="spacer" />
          <ShapeChoice params={params} />
        </div>
        {isTable(params) ? <RateTable /> : <RateChart points={rates.points} />}
      </div>
      {data && <Stages data={data} />}
      {data && data.limits.length > 0 && (
        <div class="sheet">
          <div class="sheet-head">
            <h2>Limits</h2>
          </div>
          <ul class="limits">
            {data.limits.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function Tile({
  slug,
  word,
  value,
  note,
  isBad,
}: {
  slug?: string;
  word: string;
  value: string;
  note?: string;
  isBad?: boolean;
}) {
  return (
    <div class={isBad === true ? 'bad' : ''}>
      <dt>{slug === undefined ? word : <Term slug={slug}>{word}</Term>}</dt>
      <dd>
        {value}
        {note !== undefined && <small class="quiet">{note}</small>}
      </dd>
    </div>
  );
}

function Stages({ data: { stages } }: { data: HealthAnswer }) {
  return (
    <div class="sheet">
      <div class="sheet-head">
        <h2>Stages</h2>
        <span class="quiet">what each took, passed on and lost since the start</span>
      </div>
      <table>
        <caption class="unseen">Stages</caption>
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col" class="number">
              In
            </th>
            <th scope="col" class="number">
              Out
            </th>
            <th scope="col" class="number">
              <Term slug="event-loss">Lost</Term>
            </th>
            <th scope="col" class="number">
              Share lost
            </th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {stages.map((stage) => (
            <tr key={stage.stage}>
              <td>
                <Term slug={`loss-${stage.stage}`}>{stage.stage}</Term>
              </td>
              <td class="number">{whole(stage.in)}</td>
              <td class="number">{whole(stage.out)}</td>
              <td class={`number ${stage.lost > 0 ? 'bad' : 'quiet'}`}>{whole(stage.lost)}</td>
              <td class={`number ${stage.lost > 0 ? 'bad' : 'quiet'}`}>
                {percent(stage.in === 0 ? 0 : stage.lost / stage.in)}
              </td>
              <td class="quiet">{stage.what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The last minute, newest first. */
function RateTable() {
  return (
    <div class="low">
      <table>
        <caption class="unseen">Rates</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {RATED.map((name) => (
              <th key={name} scope="col" class="number">
                {name}/s
              </th>
            ))}
            <th scope="col" class="number">
              live
            </th>
          </tr>
        </thead>
        <tbody>
          {session.rates.points
            .slice(-60)
            .toReversed()
            .map((point) => (
              <tr key={point.ms}>
                <td class="mono">{clock(point.ms).slice(0, 8)}</td>
                {RATED.map((name) => (
                  <td key={name} class="number">
                    {rate(point[name])}
                  </td>
                ))}
                <td class="number">{whole(point.live)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
