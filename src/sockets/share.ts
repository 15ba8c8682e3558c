import type { Share, SocketOwner } from '../model/sockets.ts';
import type { ListenPort } from './listening.ts';
import type { Owners } from './owners.ts';

type Member = Share['members'][number];

/**
 * How evenly processes share a port's connections. The kernel doesn't say which socket a connection came by, but the
 * process that accepted it has its descriptor, and those of a port count what they have open.
 * @returns undefined where less than two processes could accept
 */
export function shareOf(port: ListenPort, owners: Owners): Share | undefined {
  const members = new Map<number, SocketOwner & { connections: number }>();
  for (const { inode } of port.sockets)
    for (const owner of owners.of(inode)) members.set(owner.pid, { ...owner, connections: 0 });
  for (const inode of port.connections)
    for (const owner of owners.of(inode)) {
      const member = members.get(owner.pid) ?? { ...owner, connections: 0 };
      members.set(owner.pid, member);
      member.connections++;
    }
  const parents = new Set([...members.keys()].map((pid) => owners.parentOf(pid)));
  const counted = [...members.values()]
    .filter(({ pid, connections }) => connections > 0 || !parents.has(pid))
    .sort((a, b) => a.pid - b.pid);
  if (counted.length < 2) return undefined;
  const fairness = fairnessOf(counted);
  return { members: counted, ...(fairness === undefined ? {} : { fairness }) };
}

/** Jain, Chiu, Hawe: A Quantitative Measure of Fairness (DEC-TR-301, 1984). */
function fairnessOf(members: readonly Member[]): number | undefined {
  const sum = members.reduce((all, { connections }) => all + connections, 0);
  const squares = members.reduce((all, { connections }) => all + connections ** 2, 0);
  return sum === 0 ? undefined : Math.round((sum ** 2 / (members.length * squares)) * 1000) / 1000;
}
