import type { SocketConnection, SocketsAnswer } from '../data/answers.ts';
import { type Column, Table } from '../parts/table.tsx';
import { Term } from '../parts/term.tsx';
import { keep } from '../shell/navigation.ts';
import { bytes, duration, endpoint, whole } from '../text/format.ts';
import { ownersText } from './socket-words.ts';

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
      <Table
        caption="Connections"
        columns={COLUMNS}
        rows={connections}
        keyOf={({ cookie }) => cookie}
      />
      {connections.length === 0 && <p class="note quiet">None that passes the filter.</p>}
      {data.left_out > 0 && (
        <p class="note quiet">{whole(data.left_out)} more are not in the answer.</p>
      )}
    </div>
  );
}

const COLUMNS: readonly Column<SocketConnection>[] = [
  {
    title: 'Originator',
    slug: 'originator',
    look: 'mono',
    of: (each) => endpoint(each.src_ip, each.src_port),
  },
  {
    title: 'Responder',
    slug: 'responder',
    look: 'mono',
    of: (each) => endpoint(each.dst_ip, each.dst_port),
  },
  {
    title: 'State',
    slug: 'tcp',
    of: ({ state }) => <Term slug={`state-${state.toLowerCase()}`}>{state}</Term>,
  },
  { title: 'Process', slug: 'field-process', of: (each) => <Owner of={each} /> },
  {
    title: 'Unread',
    slug: 'receive-queue',
    isNumber: true,
    look: (each) => (each.receive_queue > 0 ? 'warn' : 'quiet'),
    of: (each) => bytes(each.receive_queue),
  },
  {
    title: 'Unacked',
    slug: 'send-queue',
    isNumber: true,
    look: (each) => (each.send_queue > 0 ? 'warn' : 'quiet'),
    of: (each) => bytes(each.send_queue),
  },
  {
    title: 'RTT',
    slug: 'round-trip-time',
    isNumber: true,
    of: ({ tcp }) => (tcp?.rtt_us === undefined ? '' : duration(tcp.rtt_us / 1e6)),
  },
  {
    title: 'Resent',
    slug: 'retransmission',
    isNumber: true,
    look: ({ tcp }) => ((tcp?.retransmits ?? 0) > 0 ? 'warn' : 'quiet'),
    of: ({ tcp }) => (tcp ? whole(tcp.retransmits) : ''),
  },
  {
    title: 'cwnd',
    slug: 'congestion-window',
    isNumber: true,
    of: ({ tcp }) => (tcp ? whole(tcp.cwnd) : ''),
  },
  { title: 'Sent', isNumber: true, of: ({ tcp }) => (tcp ? bytes(tcp.bytes_sent) : '') },
  { title: 'Received', isNumber: true, of: ({ tcp }) => (tcp ? bytes(tcp.bytes_received) : '') },
];

function Owner({ of: { owners, without_owner: without } }: { of: SocketConnection }) {
  return (
    <>
      {ownersText(owners)}
      {without !== undefined && (
        <span class="warn">
          {without === 'closed' ? 'closed by its process' : 'waits to be accepted'}
        </span>
      )}
    </>
  );
}
