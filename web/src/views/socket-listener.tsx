import type { Listener } from '../data/answers.ts';
import { Level } from '../parts/level.tsx';
import { Term } from '../parts/term.tsx';
import { whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import { ownersText } from './socket-words.ts';

/** The sockets of one port, and how its processes share the connections. */
export function ListenerDetail({ listener }: { listener: Listener }) {
  const members = listener.share?.members ?? [];
  const total = members.reduce((sum, { connections }) => sum + connections, 0);
  return (
    <div class="detail-box">
      <table>
        <caption>Sockets</caption>
        <tbody>
          {listener.sockets.map((socket) => (
            <tr key={socket.cookie}>
              <td class="mono quiet">{socket.cookie}</td>
              <td>{ownersText(socket.owners)}</td>
              <td>
                <Level value={socket.accept_queue} limit={socket.accept_limit} />
              </td>
              <td class="number">{whole(socket.drops)} dropped</td>
            </tr>
          ))}
        </tbody>
      </table>
      {members.length > 0 && (
        <table>
          <caption>
            <Term slug="so-reuseport">Share</Term> of the open connections
          </caption>
          <tbody>
            {members.map(({ pid, process, connections }) => (
              <tr key={pid}>
                <td>
                  {visible(process)}[{pid}]
                </td>
                <td class="number">{whole(connections)}</td>
                <td>
                  <span class="level">
                    <i aria-hidden="true">
                      <b style={{ width: `${total === 0 ? 0 : (connections / total) * 100}%` }} />
                    </i>
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
