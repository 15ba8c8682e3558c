import type { SocketConnection, SocketsAnswer } from '../data/answers.ts';
import { Term } from '../parts/term.tsx';
import { keep } from '../shell/navigation.ts';
import { bytes, duration, endpoint, whole } from '../text/format.ts';
import { ownersText } from './socket-words.ts';

/** Rows in the document. */
const MOST = 200;

const ORDERS = [
  ['queues', 'what waits in queues'],
  ['rtt', 'round trip'],
  ['retransmits', 'retransmits'],
  ['bytes', 'bytes'],
  ['rate', 'rate'],
] as const;

/** Connections as the kernel has them now, in the order that was asked for. */
export function EstablishedTable({ data, sort }: { data: SocketsAnswer; sort: string }) {
  const { connections } = data;
  const more = connections.length - MOST + data.left_out;
  return (
    <div class="sheet">
      <div class="sheet-head">
        <h2>Connections</h2>
        <label>
          <span class="quiet">most </span>
          <select value={sort} onChange={(event) => keep({ sort: event.currentTarget.value })}>
            {ORDERS.map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
        </label>
      </div>
      <table>
        <caption class="unseen">Connections</caption>
        <thead>
          <tr>
            <th scope="col">
              <Term slug="originator">Originator</Term>
            </th>
            <th scope="col">
              <Term slug="responder">Responder</Term>
            </th>
            <th scope="col">
              <Term slug="tcp">State</Term>
            </th>
            <th scope="col">
              <Term slug="field-process">Process</Term>
            </th>
            <th scope="col" class="number">
              <Term slug="receive-queue">Unread</Term>
            </th>
            <th scope="col" class="number">
              <Term slug="send-queue">Unacked</Term>
            </th>
            <th scope="col" class="number">
              <Term slug="round-trip-time">RTT</Term>
            </th>
            <th scope="col" class="number">
              <Term slug="retransmission">Resent</Term>
            </th>
            <th scope="col" class="number">
              <Term slug="congestion-window">cwnd</Term>
            </th>
            <th scope="col" class="number">
              Sent
            </th>
            <th scope="col" class="number">
              Received
            </th>
          </tr>
        </thead>
        <tbody>
          {connections.slice(0, MOST).map((each) => (
            <ConnectionLine key={each.cookie} of={each} />
          ))}
        </tbody>
      </table>
      {connections.length === 0 && <p class="note quiet">None that passes the filter.</p>}
      {more > 0 && <p class="note quiet">{whole(more)} more</p>}
    </div>
  );
}

function ConnectionLine({ of: { tcp, ...of } }: { of: SocketConnection }) {
  return (
    <tr>
      <td class="mono">{endpoint(of.src_ip, of.src_port)}</td>
      <td class="mono">{endpoint(of.dst_ip, of.dst_port)}</td>
      <td>
        <Term slug={`state-${of.state.toLowerCase()}`}>{of.state}</Term>
      </td>
      <td>
        {ownersText(of.owners)}
        {of.without_owner !== undefined && (
          <span class="warn">
            {of.without_owner === 'closed' ? 'closed by its process' : 'waits to be accepted'}
          </span>
        )}
      </td>
      <td class={`number ${of.receive_queue > 0 ? 'warn' : 'quiet'}`}>{bytes(of.receive_queue)}</td>
      <td class={`number ${of.send_queue > 0 ? 'warn' : 'quiet'}`}>{bytes(of.send_queue)}</td>
      <td class="number">{tcp?.rtt_us === undefined ? '' : duration(tcp.rtt_us / 1e6)}</td>
      <td class={`number ${(tcp?.retransmits ?? 0) > 0 ? 'warn' : 'quiet'}`}>
        {tcp ? whole(tcp.retransmits) : ''}
      </td>
      <td class="number">{tcp ? whole(tcp.cwnd) : ''}</td>
      <td class="number">{tcp ? bytes(tcp.bytes_sent) : ''}</td>
      <td class="number">{tcp ? bytes(tcp.bytes_received) : ''}</td>
    </tr>
  );
}
