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
import { holdersOf, shareOf } from './share.ts';

/** Of a socket that hundreds of workers have, so many are named. */
const MAX_OWNERS = 16;

/** @param iface the name of the interface that it is bound to */
export function listenerOf(
  port: ListenPort,
  owners: Owners,
  settings: SocketSettings,
  iface: string | undefined,
): Listener {
  const holders = holdersOf(port, owners);
  const sockets = port.sockets.map((socket) =>
    socketOf(socket, owners.of(socket.inode), acceptedBy(socket, port, owners, holders)),
  );
  const pattern = patternOf(sockets);
  const share = shareOf(holders, owners);
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

function socketOf(
  { inode, cookie, uid, acceptQueue, acceptLimit, drops }: ListenRow,
  owners: readonly SocketOwner[],
  connections: number | undefined,
): ListenSocket {
  return {
    inode,
    cookie,
    uid,
    ...named(owners),
    accept_queue: acceptQueue,
    accept_limit: acceptLimit,
    drops,
    ...(connections === undefined ? {} : { connections }),
  };
}

/**
 * All of the port, where no other socket listens there. Else it is known where nobody but one process has this socket,
 * and that process has no other one of the port.
 */
function acceptedBy(
  { inode, acceptQueue }: ListenRow,
  { sockets, connections }: ListenPort,
  owners: Owners,
  holders: ReturnType<typeof holdersOf>,
): number | undefined {
  if (sockets.length === 1) return connections.length;
  const [owner, another] = owners.of(inode);
  const holder = owner && !another ? holders.get(owner.pid) : undefined;
  return holder?.listening === 1 ? holder.connections + acceptQueue : undefined;
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
