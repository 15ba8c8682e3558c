import type { SocketCounters, SocketOrder, Sockets, SocketSettings } from '../model/sockets.ts';
import { connectionAt } from './connection.ts';
import { listenerOf } from './listener.ts';
import { byTrouble, firstBy } from './order.ts';
import type { Owners } from './owners.ts';
import type { Snapshot } from './snapshot.ts';

/** What is told of a snapshot. */
export interface Told {
  readonly order: SocketOrder;
  /** At most so many connections. */
  readonly limit: number;
}

/** What is known besides the sockets themselves. */
export interface Surroundings {
  /** RFC 3339, when the kernel was asked. */
  readonly ts: string;
  readonly owners: Owners;
  readonly settings: SocketSettings;
  readonly counters: SocketCounters;
}

/** The answer to `packetwatch sockets`. */
export function answerOf(snapshot: Snapshot, { order, limit }: Told, given: Surroundings): Sockets {
  const { owners, settings } = given;
  const listeners = snapshot.listening
    .all()
    .filter(({ address, port }) => snapshot.filter.listener(address, port))
    .map((port) => listenerOf(port, owners, settings, snapshot.ifaceOf(port.ifindex)))
    .sort(byTrouble);
  const connections = firstBy(order, snapshot.connections, limit).map((at) =>
    connectionAt(snapshot, at, owners),
  );
  const told = [...listeners.flatMap(({ sockets }) => sockets), ...connections];
  return {
    ts: given.ts,
    listeners,
    connections,
    left_out: snapshot.connections.count - connections.length,
    counters: given.counters,
    settings,
    owners: {
      hidden_processes: owners.hidden,
      unknown_sockets: told.filter(
        ({ inode, owner_count }) => inode !== undefined && owner_count === 0,
      ).length,
    },
  };
}
