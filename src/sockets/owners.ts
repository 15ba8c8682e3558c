import type { SocketOwner } from '../model/sockets.ts';

/** Who has sockets, as far as it can be seen. */
export interface Owners {
  /** Processes that have a descriptor of it, by pid. */
  of(inode: number): readonly SocketOwner[];
  /** Who made a process; 0: unknown. */
  parentOf(pid: number): number;
  /** Processes whose descriptors can't be read. */
  readonly hidden: number;
}
