import type { Filter } from '../filter/filter.ts';
import { TcpState } from '../model/tcp-state.ts';
import { Kept } from './kept.ts';
import { Listening } from './listening.ts';
import type { SocketRow } from './row.ts';
import { SocketFilter } from './socket-filter.ts';

/** The sockets of one moment: takes rows, listeners first. */
export class Snapshot {
  /** All that listen, whatever the filter. */
  readonly listening: Listening = new Listening();
  /** Connections that pass the filter. */
  readonly connections: Kept = new Kept();
  readonly filter: SocketFilter;
  /** Name of an interface; of 0 none. */
  readonly ifaceOf: (ifindex: number) => string | undefined;

  /** @param filter undefined: everything passes */
  constructor(filter: Filter | undefined, ifaceOf: (ifindex: number) => string | undefined) {
    this.filter = new SocketFilter(filter);
    this.ifaceOf = ifaceOf;
  }

  /** All that listen, before any other. */
  listener(row: SocketRow): void {
    this.listening.add(row);
  }

  /** All others: which of them are inbound is known by the listeners. */
  other(row: SocketRow): void {
    const port = this.listening.find(row);
    if (row.state === TcpState.SYN_RECV && !row.isFull) {
      if (port) port.handshakes++;
      return;
    }
    port?.connections.push(row.inode);
    const isInbound = port !== undefined;
    if (this.#passes(row, isInbound)) this.connections.add(row, isInbound);
  }

  /** Of all listeners, of their connections, and of what passes the filter. */
  inodes(): Set<number> {
    const inodes = new Set<number>();
    for (const { sockets, connections } of this.listening.all()) {
      for (const { inode } of sockets) inodes.add(inode);
      for (const inode of connections) inodes.add(inode);
    }
    for (const inode of this.connections.inodes) inodes.add(inode);
    inodes.delete(0);
    return inodes;
  }

  #passes(row: SocketRow, isInbound: boolean): boolean {
    const { local, localPort, remote, remotePort } = row;
    return isInbound
      ? this.filter.connection(remote, remotePort, local, localPort)
      : this.filter.connection(local, localPort, remote, remotePort);
  }
}
