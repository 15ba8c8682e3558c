import type { Filter } from '../filter/filter.ts';
import type { SocketCounters, SocketOrder, Sockets, SocketSettings } from '../model/sockets.ts';
import { TcpState } from '../model/tcp-state.ts';
import { connectionOf, type Unowned } from './connection.ts';
import { listenerOf, named } from './listener.ts';
import { Listening } from './listening.ts';
import { byOrder, byTrouble } from './order.ts';
import type { Owners } from './owners.ts';
import type { SocketRow } from './row.ts';
import { SocketFilter } from './socket-filter.ts';

/** What is asked of the sockets. */
export interface SocketQuery {
  /** Undefined: all. */
  readonly filter: Filter | undefined;
  /** Listeners only. */
  readonly listen: boolean;
  readonly order: SocketOrder;
  /** At most so many connections are told. */
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

/** The sockets of one moment: takes rows, listeners first, then tells the answer. */
export class Snapshot {
  readonly #query: SocketQuery;
  readonly #ifaceOf: (ifindex: number) => string | undefined;
  readonly #filter: SocketFilter;
  readonly #listening = new Listening();
  readonly #connections: Unowned[] = [];

  /** @param ifaceOf name of an interface, of 0 none */
  constructor(query: SocketQuery, ifaceOf: (ifindex: number) => string | undefined) {
    this.#query = query;
    this.#ifaceOf = ifaceOf;
    this.#filter = new SocketFilter(query.filter);
  }

  /** All that listen, before any other. */
  listener(row: SocketRow): void {
    this.#listening.add(row);
  }

  /** All others: which of them are inbound is known by the listeners. */
  other(row: SocketRow): void {
    const port = this.#listening.find(row);
    if (row.state === TcpState.SYN_RECV && !row.isFull) {
      if (port) port.handshakes++;
      return;
    }
    port?.connections.push(row.inode);
    const isInbound = port !== undefined;
    if (this.#query.listen || !this.#passes(row, isInbound)) return;
    this.#connections.push(connectionOf(row, isInbound, this.#ifaceOf(row.ifindex)));
  }

  /** Whose owners are wanted: of all listeners, of their connections, and of what is told. */
  inodes(): Set<number> {
    const inodes = new Set<number>();
    for (const { sockets, connections } of this.#listening.all()) {
      for (const { inode } of sockets) inodes.add(inode);
      for (const inode of connections) inodes.add(inode);
    }
    for (const { inode } of this.#connections) if (inode !== undefined) inodes.add(inode);
    inodes.delete(0);
    return inodes;
  }

  answer({ ts, owners, settings, counters }: Surroundings): Sockets {
    const { order, limit } = this.#query;
    const listeners = this.#listening
      .all()
      .filter(({ address, port }) => this.#filter.listener(address, port))
      .map((port) => listenerOf(port, owners, settings, this.#ifaceOf(port.ifindex)))
      .sort(byTrouble);
    const passed = this.#connections.sort(byOrder(order));
    const connections = passed
      .slice(0, limit)
      .map((each) => Object.assign(each, named(owners.of(each.inode ?? 0))));
    const told = [...listeners.flatMap(({ sockets }) => sockets), ...connections];
    return {
      ts,
      listeners,
      connections,
      left_out: passed.length - connections.length,
      counters,
      settings,
      owners: {
        hidden_processes: owners.hidden,
        unknown_sockets: told.filter(
          ({ inode, owner_count }) => inode !== undefined && owner_count === 0,
        ).length,
      },
    };
  }

  #passes(row: SocketRow, isInbound: boolean): boolean {
    const { local, localPort, remote, remotePort } = row;
    return isInbound
      ? this.#filter.connection(remote, remotePort, local, localPort)
      : this.#filter.connection(local, localPort, remote, remotePort);
  }
}
