import { lstatSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Root's, and that of a user that root went on as (--user). */
export const STATE = '/var/lib/packetwatch';

/** Where this user's program keeps what outlives it: what systemd gives (StateDirectory=), else by whose it is. */
export function stateDirectory(): string {
  const given = process.env['STATE_DIRECTORY']?.split(':', 1)[0];
  if (given) return given;
  const user = process.geteuid!();
  if (user === 0 || lstatSync(STATE, { throwIfNoEntry: false })?.uid === user) return STATE;
  const base = process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state');
  return join(base, 'packetwatch');
}
