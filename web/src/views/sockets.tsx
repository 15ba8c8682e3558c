import type { Listener, SocketsAnswer } from '../data/answers.ts';
import { usePoll } from '../data/poll.ts';
import type { Params } from '../data/route.ts';
import { Icon } from '../parts/icon.tsx';
import { Empty, Failure } from '../parts/says.tsx';
import { Level } from '../parts/level.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Term } from '../parts/term.tsx';
import { keep } from '../shell/navigation.ts';
import { endpoint, whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import { FilterBox } from './live-tools.tsx';
import { ListenerDetail } from './socket-listener.tsx';
import { EstablishedTable } from './socket-table.tsx';
import { ownersText } from './socket-words.ts';

/** What listens, what waits in which queue, and the connections with theirs. */
export function SocketsView({ params }: { params: Params }) {
  const sort = params['sort'] ?? 'queues';
  const { data, error } = usePoll<SocketsAnswer>(
    '/sockets',
    { filter: params['filter'], sort },
    2000,
  );
  return (
    <div class="page">
      <div class="tools" role="search">
        <FilterBox filter={params['filter'] ?? ''} error={error} />
      </div>
      {error?.isUnauthorized === true && <Failure error={error} />}
      {data && (
        <>
          <Counters data={data} />
          <Listeners data={data} opened={params['port']} />
          <EstablishedTable data={data} sort={sort} />
        </>
      )}
    </div>
  );
}

function Counters({ data: { counters, settings, owners } }: { data: SocketsAnswer }) {
  const figures = [
    ['listen-overflow', 'accept queue overflows', counters.listen_overflows],
    ['syn-queue', 'SYN cookies', counters.syn_queue_cookies],
    ['syn-queue', 'SYNs dropped', counters.syn_queue_drops],
    ['retransmission', 'segments sent again', counters.segments_retransmitted],
  ] as const;
  return (
    <dl class="figures">
      {figures.map(([slug, word, value]) => (
        <div key={word} class={value > 0 && slug !== 'retransmission' ? 'bad' : ''}>
          <dt>
            <Term slug={slug}>{word}</Term>
          </dt>
          <dd>{whole(value)}</dd>
        </div>
      ))}
      <div>
        <dt>
          <Term slug="accept-queue">somaxconn</Term>
        </dt>
        <dd>{whole(settings.somaxconn)}</dd>
      </div>
      {owners.hidden_processes > 0 && (
        <div class="warn">
          <dt>processes of others, not looked into</dt>
          <dd>{whole(owners.hidden_processes)}</dd>
        </div>
      )}
    </dl>
  );
}

const PATTERNS = {
  one_acceptor: 'one acceptor',
  shared_socket: 'many on one socket',
  reuseport: 'many listeners',
} as const;

function Listeners({ data, opened }: { data: SocketsAnswer; opened: string | undefined }) {
  if (data.listeners.length === 0) return <Empty>Nothing listens that passes the filter.</Empty>;
  return (
    <div class="sheet">
      <Table
        caption="Listeners"
        isCaptionSeen
        columns={columnsFor(opened)}
        rows={data.listeners}
        keyOf={keyOf}
        isChosen={(each) => keyOf(each) === opened}
        detailOf={(each) =>
          keyOf(each) === opened ? <ListenerDetail listener={each} /> : undefined
        }
      />
    </div>
  );
}

const keyOf = ({ ip, port, iface }: Listener) =>
  `${endpoint(ip, port)}${iface === undefined ? '' : `%${visible(iface)}`}`;

function columnsFor(opened: string | undefined): readonly Column<Listener>[] {
  return [
    {
      title: 'Address',
      look: 'mono',
      of: (listener) => <Unfold of={keyOf(listener)} opened={opened} />,
    },
    { title: 'Process', slug: 'field-process', of: (listener) => <Owners of={listener} /> },
    {
      title: 'Pattern',
      slug: 'listener-patterns',
      of: ({ pattern }) => (pattern === undefined ? '' : PATTERNS[pattern]),
    },
    {
      title: 'Accept queue',
      slug: 'accept-queue',
      of: (each) => <Level value={each.accept_queue} limit={each.accept_limit} />,
    },
    {
      title: 'SYN queue',
      slug: 'syn-queue',
      of: (each) => <Level value={each.syn_queue} limit={each.syn_limit} />,
    },
    {
      title: 'Drops',
      slug: 'listen-overflow',
      isNumber: true,
      look: ({ drops }) => (drops > 0 ? 'bad' : ''),
      of: ({ drops }) => whole(drops),
    },
    { title: 'Connections', isNumber: true, of: ({ connections }) => whole(connections) },
    {
      title: 'Evenness',
      slug: 'so-reuseport',
      isNumber: true,
      of: ({ share }) => share?.fairness?.toFixed(2) ?? '',
    },
  ];
}

function Unfold({ of: key, opened }: { of: string; opened: string | undefined }) {
  const isOpened = key === opened;
  return (
    <button
      type="button"
      class="plain row-button"
      aria-expanded={isOpened}
      onClick={() => keep({ port: isOpened ? undefined : key })}
    >
      <Icon name={isOpened ? 'fold' : 'unfold'} />
      {key}
    </button>
  );
}

function Owners({ of: { sockets } }: { of: Listener }) {
  const owners = ownersText(sockets.flatMap((socket) => socket.owners));
  return owners === '' ? (
    <span class="quiet">not to be seen</span>
  ) : (
    <span title={owners}>{owners}</span>
  );
}
