import type { Connections } from './connections.ts';
import { List, Row } from './row.ts';

/** The lists whose rows wait for their socket without a deadline; there `Row.deadline_ns` says when it was last there. */
const SWEPT = [List.connecting, List.open] as const;

export const isSwept = (list: number): boolean => list === List.connecting || list === List.open;

/**
 * Ends the connections whose socket is gone though no CLOSE record said so: it was lost.
 * @param aliveNs when the sockets that there are were looked at (Join.alive); everything until then was taken, and
 *   what came of those that closed meanwhile
 */
export function sweep(connections: Connections, aliveNs: number): void {
  const { table } = connections;
  for (const list of SWEPT) {
    let next = table.oldest(list);
    for (let row = next; row >= 0; row = next) {
      next = table.next(row);
      const base = row * Row.stride;
      // deadlines of the lists that a row was in before may lie ahead
      const isAlive = table.numbers[(base + Row.deadline_ns) >> 3] === aliveNs;
      const isNewer = table.numbers[(base + Row.event_ns) >> 3]! >= aliveNs;
      if (!isAlive && !isNewer) connections.gone(row, aliveNs);
    }
  }
}
