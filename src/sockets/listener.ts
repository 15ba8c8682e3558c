import type {
  Listener,
  ListenerPattern,
  ListenSocket,
  SocketOwner,
  SocketSettings,
} from '../model/sockets.ts';
import { formatAddress } from '../wire/address.ts';
import type { ListenPort, ListenRow } from './listening.ts';
import type { Owners } from './owners.ts';
import { shareOf } from './share.ts';

/** Of a socket that hundreds of workers have, so many are named. */
const MAX_OWNERS = 16;

/** @param iface the name of the interface that it is bound to */
export function listenerOf(
  port: ListenPort,
  owners: Owners,
  settings: SocketSettings,
  iface: string | undefined,
): Listener {
  const sockets = port.sockets.map((socket) => socketOf(socket, port, owners));
  const pattern = patternOf(sockets);
  const share = shareOf(port, owners);
  const sum = (of: (socket: ListenSocket) => number) =>
    sockets.reduce((all, socket) => all + of(socket), 0);
  return {
    ip: formatAddress(port.address),
    port: port.port,
    ...(iface === undefined ? {} : { iface }),
    ...(port.v6Only ? { v6_only: true } : {}),
    ...(pattern === undefined ? {} : { pattern }),
    accept_queue: sum((socket) => socket.accept_queue),
    accept_limit: sum((socket) => socket.accept_limit),
    syn_queue: port.handshakes,
    syn_limit: sum((socket) => synLimit(socket.accept_limit, settings)),
    drops: sum((socket) => socket.drops),
    connections: port.connections.length,
    sockets,
    ...(share ? { share } : {}),
  };
}

/**
 * From how many handshakes on the kernel answers SYNs by cookies, or drops them (tcp_conn_request): the limit of
 * listen(2) bounds both queues; without cookies the last quarter of tcp_max_syn_backlog is for known peers alone.
 */
function synLimit(acceptLimit: number, settings: SocketSettings): number {
  const { tcp_syncookies, tcp_max_syn_backlog: most } = settings;
  return tcp_syncookies === 0 ? Math.min(acceptLimit, most - (most >> 2)) : acceptLimit;
}

function socketOf(socket: ListenRow, port: ListenPort, owners: Owners): ListenSocket {
  const { inode, cookie, uid, acceptQueue, acceptLimit, drops } = socket;
  const connections = acceptedBy(socket, port, owners);
  return {
    inode,
    cookie,
    uid,
    ...named(owners.of(inode)),
    accept_queue: acceptQueue,
    accept_limit: acceptLimit,
    drops,
    ...(connections === undefined ? {} : { connections }),
  };
}

/** Known where nobody but one process has this socket, and that process has no other one of the port. */
function acceptedBy(
  { inode }: ListenRow,
  { sockets, connections }: ListenPort,
  owners: Owners,
): number | undefined {
  const [owner, another] = owners.of(inode);
  if (!owner || another) return undefined;
  const has = (of: number) => owners.of(of).some(({ pid }) => pid === owner.pid);
  if (sockets.filter((socket) => has(socket.inode)).length > 1) return undefined;
  return connections.filter(has).length;
}

function patternOf(sockets: readonly ListenSocket[]): ListenerPattern | undefined {
  if (sockets.length > 1) return 'reuseport';
  const count = sockets[0]?.owner_count ?? 0;
  if (count === 0) return undefined;
  return count === 1 ? 'one_acceptor' : 'shared_socket';
}

export function named(owners: readonly SocketOwner[]): {
  owners: readonly SocketOwner[];
  owner_count: number;
} {
  return { owners: owners.slice(0, MAX_OWNERS), owner_count: owners.length };
}
