import type { HealthAnswer } from '../data/answers.ts';
import { usePoll } from '../data/poll.ts';
import type { Params } from '../data/route.ts';
import { RATED, type Rates } from '../data/rates.ts';
import { session } from '../data/session.ts';
import { useWatched } from '../data/watched.ts';
import { Failure } from '../parts/says.tsx';
import { isTable, ShapeChoice } from '../parts/shape.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Term } from '../parts/term.tsx';
import { bytes, clock, percent, rate, whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import { RateChart } from './rate-chart.tsx';

const lastCounts = () => session.rates.last;

/** What was seen, what was lost and where, and what the program itself costs. */
export function HealthView({ params }: { params: Params }) {
  const { data, error } = usePoll<HealthAnswer>('/health', {}, 2000);
  const { rates, run } = useWatched(session, lastCounts);
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
          {run && <Tile word="Version" value={run.version} note={visible(run.host)} />}
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
      <Table caption="Stages" columns={STAGES} rows={stages} keyOf={({ stage }) => stage} />
    </div>
  );
}

type Stage = HealthAnswer['stages'][number];

const lossLook = ({ lost }: Stage) => (lost > 0 ? 'bad' : 'quiet');

const STAGES: readonly Column<Stage>[] = [
  { title: 'Stage', of: ({ stage }) => <Term slug={`loss-${stage}`}>{stage}</Term> },
  { title: 'In', isNumber: true, of: (stage) => whole(stage.in) },
  { title: 'Out', isNumber: true, of: ({ out }) => whole(out) },
  {
    title: 'Lost',
    slug: 'event-loss',
    isNumber: true,
    look: lossLook,
    of: ({ lost }) => whole(lost),
  },
  {
    title: 'Share lost',
    isNumber: true,
    look: lossLook,
    of: (stage) => percent(stage.in === 0 ? 0 : stage.lost / stage.in),
  },
  { title: 'What', look: 'quiet', of: ({ what }) => what },
];

type Point = Rates['points'][number];

const RATES: readonly Column<Point>[] = [
  { title: 'Time', look: 'mono', of: ({ ms }) => clock(ms).slice(0, 8) },
  ...RATED.map((name) => ({
    title: `${name}/s`,
    isNumber: true,
    of: (point: Point) => rate(point[name]),
  })),
  { title: 'live', isNumber: true, of: ({ live }) => whole(live) },
];

/** Newest first. */
function RateTable() {
  return (
    <div class="low">
      <Table
        caption="Rates"
        columns={RATES}
        rows={session.rates.points.toReversed()}
        keyOf={({ ms }) => ms}
      />
    </div>
  );
}
