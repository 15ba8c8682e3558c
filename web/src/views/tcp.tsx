import type { StateName } from '../../../src/model/tcp-transitions.ts';
import type { StatesAnswer } from '../data/answers.ts';
import { usePoll } from '../data/poll.ts';
import type { Params } from '../data/route.ts';
import { Failure } from '../parts/says.tsx';
import { isTable, ShapeChoice } from '../parts/shape.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Term } from '../parts/term.tsx';
import { keep } from '../shell/navigation.ts';
import { dateTime, whole } from '../text/format.ts';
import { StateDiagram } from './tcp-diagram.tsx';
import { StateSockets } from './tcp-sockets.tsx';

/** RFC 9293's state diagram with this host's sockets in it. */
export function TcpView({ params }: { params: Params }) {
  const { data, error } = usePoll<StatesAnswer>('/states', {}, 1000);
  const chosen = data?.states.find(({ state }) => state === params['state'])?.state;
  const choose = (state: StateName) => keep({ state: state === chosen ? undefined : state });
  return (
    <div class={`page tcp ${chosen === undefined ? '' : 'has-side'}`}>
      <div class="tools">
        <ShapeChoice params={params} />
        {data && (
          <dl class="figures">
            <Figure slug="tcp" word="sockets" value={data.total} />
            <Figure
              slug="state-established"
              word="established"
              value={countOf(data, 'ESTABLISHED')}
            />
            <Figure slug="state-listen" word="listening" value={countOf(data, 'LISTEN')} />
            <Figure slug="outcome-refused" word="failed attempts" value={data.attempt_fails} />
            <Figure slug="outcome-reset" word="resets" value={data.estab_resets} />
          </dl>
        )}
      </div>
      {error && !data && <Failure error={error} />}
      {data &&
        (isTable(params) ? (
          <StateTables data={data} chosen={chosen} onChoose={choose} />
        ) : (
          <StateDiagram data={data} chosen={chosen} onChoose={choose} />
        ))}
      {chosen !== undefined && (
        <StateSockets state={chosen} onClose={() => keep({ state: undefined })} />
      )}
    </div>
  );
}

function Figure({ slug, word, value }: { slug: string; word: string; value: number | undefined }) {
  if (value === undefined) return null;
  return (
    <div>
      <dt>
        <Term slug={slug}>{word}</Term>
      </dt>
      <dd>{whole(value)}</dd>
    </div>
  );
}

function countOf(data: StatesAnswer, name: StateName): number {
  return data.states.find(({ state }) => state === name)?.count ?? 0;
}

function StateTables({
  data,
  chosen,
  onChoose,
}: {
  data: StatesAnswer;
  chosen: StateName | undefined;
  onChoose: (state: StateName) => void;
}) {
  const states: readonly Column<State>[] = [
    { title: 'State', of: ({ state, slug }) => <Term slug={slug}>{state}</Term> },
    { title: 'Sockets', isNumber: true, of: ({ count }) => whole(count) },
    {
      title: 'List',
      isUnseen: true,
      of: ({ state }) => (
        <button
          type="button"
          class="small"
          aria-pressed={state === chosen}
          aria-label={`List ${state}`}
          onClick={() => onChoose(state)}
        >
          List
        </button>
      ),
    },
  ];
  return (
    <div class="sheet two">
      <div>
        <Table
          caption="Sockets by state"
          isCaptionSeen
          columns={states}
          rows={data.states}
          keyOf={({ state }) => state}
          isChosen={({ state }) => state === chosen}
        />
      </div>
      <div>
        <Table
          caption={`Transitions ${
            data.since_ts === undefined
              ? 'where the kernel counts them'
              : `since ${dateTime(Date.parse(data.since_ts))}`
          }`}
          isCaptionSeen
          columns={TRANSITIONS}
          rows={data.transitions}
          keyOf={({ from, to }) => `${from} ${to}`}
        />
      </div>
    </div>
  );
}

type State = StatesAnswer['states'][number];

const TRANSITIONS: readonly Column<StatesAnswer['transitions'][number]>[] = [
  { title: 'From', of: ({ from }) => from },
  { title: 'To', of: ({ to }) => to },
  { title: 'On', of: ({ on }) => on },
  { title: 'Sends', of: ({ sends }) => sends },
  {
    title: 'Count',
    isNumber: true,
    of: ({ count }) => (count === undefined ? '' : whole(count)),
  },
];
