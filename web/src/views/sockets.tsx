import type { Listener, SocketsAnswer } from '../data/answers.ts';
import { usePoll } from '../data/poll.ts';
import type { Params } from '../data/route.ts';
import { Icon } from '../parts/icon.tsx';
import { Empty, Failure } from '../parts/says.tsx';
import { Level } from '../parts/level.tsx';
import { Term } from '../parts/term.tsx';
import { keep } from '../shell/navigation.ts';
import { endpoint, whole } from '../text/format.ts';
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
      <table>
        <caption>Listeners</caption>
        <thead>
          <tr>
            <th scope="col">Address</th>
            <th scope="col">
              <Term slug="field-process">Process</Term>
            </th>
            <th scope="col">
              <Term slug="listener-patterns">Pattern</Term>
            </th>
            <th scope="col">
              <Term slug="accept-queue">Accept queue</Term>
            </th>
            <th scope="col">
              <Term slug="syn-queue">SYN queue</Term>
            </th>
            <th scope="col" class="number">
              <Term slug="listen-overflow">Drops</Term>
            </th>
            <th scope="col" class="number">
              Connections
            </th>
            <th scope="col" class="number">
              <Term slug="so-reuseport">Evenness</Term>
            </th>
          </tr>
        </thead>
        <tbody>
          {data.listeners.map((each) => (
            <ListenerRow key={keyOf(each)} listener={each} isOpened={keyOf(each) === opened} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const keyOf = ({ ip, port, iface }: Listener) =>
  `${endpoint(ip, port)}${iface === undefined ? '' : `%${iface}`}`;

function ListenerRow({ listener, isOpened }: { listener: Listener; isOpened: boolean }) {
  const key = keyOf(listener);
  const owners = ownersText(listener.sockets.flatMap(({ owners: each }) => each));
  const fairness = listener.share?.fairness;
  return (
    <>
      <tr class={isOpened ? 'chosen' : ''}>
        <td class="mono">
          <button
            type="button"
            class="plain row-button"
            aria-expanded={isOpened}
            onClick={() => keep({ port: isOpened ? undefined : key })}
          >
            <Icon name={isOpened ? 'fold' : 'unfold'} />
            {key}
          </button>
        </td>
        <td title={owners}>{owners === '' ? <span class="quiet">not to be seen</span> : owners}</td>
        <td>{listener.pattern === undefined ? '' : PATTERNS[listener.pattern]}</td>
        <td>
          <Level value={listener.accept_queue} limit={listener.accept_limit} />
        </td>
        <td>
          <Level value={listener.syn_queue} limit={listener.syn_limit} />
        </td>
        <td class={`number ${listener.drops > 0 ? 'bad' : ''}`}>{whole(listener.drops)}</td>
        <td class="number">{whole(listener.connections)}</td>
        <td class="number">{fairness === undefined ? '' : fairness.toFixed(2)}</td>
      </tr>
      {isOpened && (
        <tr class="detail">
          <td colSpan={8}>
            <ListenerDetail listener={listener} />
          </td>
        </tr>
      )}
    </>
  );
}
