import type { Share, SocketOwner } from '../model/sockets.ts';
import type { ListenPort } from './listening.ts';
import type { Owners } from './owners.ts';

type Member = Share['members'][number];

/** A process that listens on a port, or has a connection of it. */
interface Holder {
  readonly owner: SocketOwner;
  /** How many of the port's sockets that listen it has. */
  listening: number;
  connections: number;
}

/**
 * Who has the sockets of a port, by pid. The kernel doesn't say which socket a connection came by, but the process that
 * accepted it has its descriptor.
 */
export function holdersOf(port: ListenPort, owners: Owners): ReadonlyMap<number, Holder> {
  const holders = new Map<number, Holder>();
  const holder = (owner: SocketOwner): Holder => {
    const known = holders.get(owner.pid) ?? { owner, listening: 0, connections: 0 };
    holders.set(owner.pid, known);
    return known;
  };
  for (const { inode } of port.sockets)
    for (const owner of owners.of(inode)) holder(owner).listening++;
  for (const inode of port.connections)
    for (const owner of owners.of(inode)) holder(owner).connections++;
  return holders;
}

/**
 * How evenly processes share a port's connections.
 * @returns undefined where less than two processes could accept: to whom one hands them on is its own business
 */
export function shareOf(holders: ReadonlyMap<number, Holder>, owners: Owners): Share | undefined {
  const all = [...holders.values()];
  if (all.filter(({ listening }) => listening > 0).length < 2) return undefined;
  const parents = new Set([...holders.keys()].map((pid) => owners.parentOf(pid)));
  const members = all
    .filter(({ owner, connections }) => connections > 0 || !parents.has(owner.pid))
    .map(
      ({ owner, connections }): Member => ({ pid: owner.pid, process: owner.process, connections }),
    )
    .sort((a, b) => a.pid - b.pid);
  if (members.length < 2) return undefined;
  const fairness = fairnessOf(members);
  return { members, ...(fairness === undefined ? {} : { fairness }) };
}

/** Jain, Chiu, Hawe: A Quantitative Measure of Fairness (DEC-TR-301, 1984). */
function fairnessOf(members: readonly Member[]): number | undefined {
  const sum = members.reduce((all, { connections }) => all + connections, 0);
  const squares = members.reduce((all, { connections }) => all + connections ** 2, 0);
  return sum === 0 ? undefined : Math.round((sum ** 2 / (members.length * squares)) * 1000) / 1000;
}
