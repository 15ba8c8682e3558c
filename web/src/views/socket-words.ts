import type { SocketOwner } from '../data/answers.ts';
import { visible } from '../text/visible.ts';

/** `nginx[812], nginx[813]`, each process once. */
export function ownersText(owners: readonly SocketOwner[]): string {
  const seen = new Set<number>();
  const words: string[] = [];
  for (const { pid, process } of owners) {
    if (seen.has(pid)) continue;
    seen.add(pid);
    words.push(`${visible(process)}[${pid}]`);
  }
  const [shown, more] = [words.slice(0, 4), words.length - 4];
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
