import type {
  Listener,
  ListenSocket,
  Share,
  SocketConnection,
  SocketOwner,
  Sockets,
} from '../model/sockets.ts';
import { terminalLine } from '../sinks/escape.ts';
import { amount, duration } from './amounts.ts';
import { type Fit, table } from './table.ts';
import { wrapped } from './wrap.ts';

/** What `packetwatch sockets` prints. @param columns width of the terminal; undefined: nobody's, so nothing is cut */
export function describeSockets(sockets: Sockets, listen: boolean, columns?: number): string {
  const { listeners } = sockets;
  return [
    listenersText(listeners, columns),
    ...listeners.map(shareText),
    listen ? '' : connectionsText(sockets, columns),
    notes(sockets),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function listenersText(listeners: readonly Listener[], columns: number | undefined): string {
  if (listeners.length === 0) return 'No listeners.\n';
  const rows = listeners.map((l) => [
    placeOf(l),
    `${l.accept_queue}/${l.accept_limit}`,
    `${l.syn_queue}/${l.syn_limit}`,
    amount(l.drops),
    amount(l.connections),
    acceptors(l),
  ]);
  return table(LISTEN_HEADERS, rows, fitInto(columns, 0, 5));
}

export const LISTEN_HEADERS: readonly string[] = [
  'listening',
  'accept',
  'syn',
  'drops',
  'conns',
  'process',
];

/** `10.0.0.5:80`, `[::]:80`, `[fe80::1%eth0]:80`. */
export function placeOf({ ip, port, iface }: Listener): string {
  const host = iface === undefined ? ip : `${ip}%${iface}`;
  return endpoint(host, port);
}

export function endpoint(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Who accepts, and by which pattern. */
export function acceptors({ pattern, sockets, share }: Listener): string {
  const first = sockets.flatMap(({ owners }) => owners)[0];
  const who = first ? processOf(first) : `?, user ${sockets[0]?.uid}`;
  if (pattern === 'shared_socket') return `${sockets[0]!.owner_count} share it: ${who}`;
  if (pattern !== 'reuseport') return who;
  const processes = share?.members.length ?? 1;
  return `${sockets.length} sockets: ${who}${processes > 1 ? ` +${processes - 1}` : ''}`;
}

/** `nginx[20]`. */
export function processOf({ process, pid }: SocketOwner): string {
  return `${process}[${pid}]`;
}

/** An IPv4 address and its port, behind an arrow. */
const ADDRESS = 24;
/** Most of a name and its pid, or of a state. */
const PROCESS = 14;

function fitInto(columns: number | undefined, address: number, process: number): Fit {
  const giving = [
    { column: address, least: ADDRESS },
    { column: process, least: PROCESS },
  ];
  return { columns: columns ?? Infinity, giving };
}

const PATTERNS = { one_acceptor: '', shared_socket: 'one socket', reuseport: 'SO_REUSEPORT' };
/** So many are named, those with most first. */
const NAMED = 12;

/** How evenly a port is shared, by processes and by its sockets, as far as either is known. */
function shareText(listener: Listener): string {
  const { share, pattern, sockets } = listener;
  if (!share && (sockets.length === 1 || isIdle(sockets))) return '';
  const how = [
    PATTERNS[pattern ?? 'one_acceptor'],
    sockets.length > 1 ? `${sockets.length} sockets` : '',
  ]
    .filter((word) => word !== '')
    .join(', ');
  return `${placeOf(listener)}${how === '' ? '' : ` (${how})`}${share ? membersText(share) : ':\n'}${socketsText(sockets)}`;
}

function membersText(share: Share): string {
  const members = [...share.members]
    .sort((a, b) => b.connections - a.connections)
    .map((member) => `${processOf(member)} ${member.connections}`);
  const more = members.length > NAMED ? `, and ${members.length - NAMED} more` : '';
  const even = share.fairness === undefined ? '' : `, fairness ${share.fairness.toFixed(2)} of 1`;
  return `, open connections by process${even}:\n${wrapped(terminalLine(`${members.slice(0, NAMED).join(', ')}${more}`), '  ')}`;
}

/** Of several on one port: whose turn doesn't come, or who doesn't take it. */
function socketsText(sockets: readonly ListenSocket[]): string {
  if (sockets.length === 1) return '';
  const list = (of: (socket: ListenSocket) => number) =>
    sockets.map((s) => amount(of(s))).join(', ');
  const waiting = `waiting to be accepted, by socket: ${list((s) => s.accept_queue)}`;
  const dropped = sockets.some(({ drops }) => drops > 0);
  return wrapped(`${waiting}${dropped ? `; dropped: ${list((s) => s.drops)}` : ''}`, '  ');
}

function isIdle(sockets: readonly ListenSocket[]): boolean {
  return sockets.every(({ accept_queue, drops }) => accept_queue === 0 && drops === 0);
}

export const CONNECTION_HEADERS: readonly string[] = [
  'local',
  'peer',
  'recv-q',
  'send-q',
  'rtt',
  'retr',
  'process',
];

function connectionsText({ connections, left_out }: Sockets, columns = Infinity): string {
  if (connections.length === 0)
    return left_out === 0 ? 'No connections.\n' : `Connections: ${left_out}; -n shows them\n`;
  const whole = table(
    CONNECTION_HEADERS,
    connections.map((c) => cells(c, endpoint(...localOf(c)))),
  );
  // In a narrow terminal the local address goes, which is nearly always the same, then the middle of others.
  const text = whole.split('\n').every((line) => line.length <= columns)
    ? whole
    : table(
        CONNECTION_HEADERS,
        connections.map((c) => cells(c, `:${localOf(c)[1]}`)),
        fitInto(columns, 1, 6),
      );
  return left_out === 0 ? text : `${text}and ${left_out} more: -n shows more\n`;
}

export function localOf(c: SocketConnection): [ip: string, port: number] {
  return c.direction === 'inbound' ? [c.dst_ip, c.dst_port] : [c.src_ip, c.src_port];
}

export function peerOf(c: SocketConnection): [ip: string, port: number] {
  return c.direction === 'inbound' ? [c.src_ip, c.src_port] : [c.dst_ip, c.dst_port];
}

function cells(c: SocketConnection, local: string): string[] {
  return [
    local,
    `${c.direction === 'inbound' ? '<-' : '->'} ${endpoint(...peerOf(c))}`,
    amount(c.receive_queue),
    amount(c.send_queue),
    duration(c.tcp?.rtt_us),
    c.tcp ? amount(c.tcp.retransmits) : '-',
    [holder(c), c.state === 'ESTABLISHED' ? '' : c.state].filter((word) => word !== '').join(' '),
  ];
}

/** Who has a connection: a process, or why none has. */
export function holder({ owners, owner_count, without_owner, uid }: SocketConnection): string {
  if (without_owner !== undefined)
    return without_owner === 'closed' ? '(closed)' : '(not accepted)';
  const [first] = owners;
  if (!first) return `?, user ${uid}`;
  return owner_count > 1 ? `${processOf(first)} +${owner_count - 1}` : processOf(first);
}

function notes({ counters, settings, owners }: Sockets): string {
  const lines = [
    `Since this network namespace was made ${counters.listen_overflows} handshakes found the accept queue full, and ${counters.listen_drops} in all were dropped by listeners.`,
  ];
  if (settings.tcp_syncookies === 0)
    lines.push('SYN cookies are off: a full SYN queue drops (net.ipv4.tcp_syncookies).');
  if (owners.unknown_sockets > 0)
    lines.push(
      owners.hidden_processes > 0
        ? `Sockets without a process here (?): ${owners.unknown_sockets}. Only root may look into the ${owners.hidden_processes} processes of other users.`
        : `Sockets without a process here (?): ${owners.unknown_sockets}. They are the kernel's own, or of processes outside of this container.`,
    );
  return lines.map((line) => wrapped(line, '')).join('');
}
