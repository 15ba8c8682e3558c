import type { StateName } from '../../../src/model/tcp-transitions.ts';
import type { SocketConnection, SocketsAnswer } from '../data/answers.ts';
import { usePoll } from '../data/poll.ts';
import { Icon } from '../parts/icon.tsx';
import { Empty, Failure } from '../parts/says.tsx';
import { Term } from '../parts/term.tsx';
import { bytes, endpoint, whole } from '../text/format.ts';
import { ownersText } from './socket-words.ts';

/** Rows of the list: as many as a person reads. */
const MOST = 100;

/** The sockets that are in a state now. */
export function StateSockets({ state, onClose }: { state: StateName; onClose: () => void }) {
  const { data, error } = usePoll<SocketsAnswer>('/sockets', { limit: '1000' }, 2000);
  const listeners = state === 'LISTEN' ? (data?.listeners ?? []) : [];
  const connections = (data?.connections ?? []).filter((each) => each.state === state);
  return (
    <aside class="story side" aria-labelledby="side-title">
      <div class="story-head">
        <h2 id="side-title">
          <Term slug={`state-${state.toLowerCase()}`}>{state}</Term>
        </h2>
        <button type="button" class="plain" aria-label="Close the list" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </div>
      {error && !data && <Failure error={error} />}
      {data && listeners.length + connections.length === 0 && <Empty>{reasonOf(state)}</Empty>}
      <ul class="sockets">
        {listeners.slice(0, MOST).map((each) => (
          <li key={`${each.ip} ${each.port} ${each.iface}`}>
            <span class="mono">{endpoint(each.ip, each.port)}</span>
            <span class="quiet">{ownersText(each.sockets.flatMap(({ owners }) => owners))}</span>
          </li>
        ))}
        {connections.slice(0, MOST).map((each) => (
          <li key={each.cookie}>
            <span class="mono">
              {endpoint(each.src_ip, each.src_port)} → {endpoint(each.dst_ip, each.dst_port)}
            </span>
            <span class="quiet">{wordsOf(each).join(', ')}</span>
          </li>
        ))}
      </ul>
      {listeners.length + connections.length > MOST && (
        <p class="quiet">{whole(listeners.length + connections.length - MOST)} more</p>
      )}
    </aside>
  );
}

/** Its process, and what waits in its queues. */
function wordsOf(of: SocketConnection): string[] {
  return [
    ownersText(of.owners),
    of.without_owner === 'not_accepted' ? 'waits to be accepted' : '',
    of.receive_queue > 0 ? `${bytes(of.receive_queue)} unread` : '',
    of.send_queue > 0 ? `${bytes(of.send_queue)} unacknowledged` : '',
  ].filter((word) => word !== '');
}

/** Sockets of these states have lost their owner, or aren't sockets of their own yet. */
function reasonOf(state: StateName): string {
  if (state === 'TIME-WAIT')
    return 'The kernel keeps only the addresses of these, and no process has them.';
  if (state === 'SYN-RECEIVED') return 'Handshakes stand in the SYN queues of the listeners.';
  return 'None now.';
}
