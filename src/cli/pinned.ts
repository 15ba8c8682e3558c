import type { PinnedState } from '../kernel/pinned-state.ts';
import { table } from './table.ts';

/** What is pinned and by whom, as text. */
export function describePins({ directory, maps, owner, links }: PinnedState): string {
  const lines = [`Pinned in ${directory}\n`];
  for (const { generation, layout, made, made_by } of maps) {
    const from = made === undefined ? '' : `, made ${made} by packetwatch ${made_by}`;
    lines.push(`Tables: generation ${generation}, layout ${layout ?? 'unknown'}${from}\n`);
  }
  if (maps.length > 1)
    lines.push('A swap goes on, or was interrupted: the next `packetwatch watch` ends it.\n');
  if (owner) {
    const { version, pid, uid, since, left } = owner;
    const ended = left === undefined ? '' : `, ended ${left}`;
    lines.push(
      `Owner: packetwatch ${version}, process ${pid} of user ${uid}, since ${since}${ended}\n`,
    );
  }
  if (links.length > 0) {
    const rows = links.map(({ hook, ifindex, iface, name, program }) => {
      const where = ifindex === undefined ? '-' : (iface ?? 'gone');
      return [where, hook, name, `${program}`];
    });
    lines.push(`\n${table(['interface', 'hook', 'link', 'program'], rows)}`);
  }
  return lines.join('');
}
