import { isDead } from '../kernel/pinned-state.ts';
import { netnsCookie } from '../kernel/libc-sockets.ts';
import { Pins } from '../kernel/pins.ts';
import { whileNobodyRuns } from './instance.ts';

/**
 * Unpins what is left of network namespaces that are gone: all interfaces of their guard are, and nobody runs there.
 * @returns of how many
 */
export function sweepGone(): number {
  const own = netnsCookie();
  const others = Pins.cookies().filter((cookie) => cookie !== own);
  return others.filter((cookie) => {
    const pins = new Pins(cookie);
    if (!isDead(pins)) return false;
    return whileNobodyRuns(cookie, () => {
      if (isDead(pins)) pins.release();
    });
  }).length;
}
