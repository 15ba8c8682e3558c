import { lstatSync, mkdirSync } from 'node:fs';
import { OperatorError } from '../model/errors.ts';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Makes a directory that is this user's alone, or takes one that is. What lies in such a directory nobody else can
 * have put there, so that no link leads astray what is written in it.
 * Throws OperatorError: it can't be made, is somebody else's, or others may write to it.
 */
export function privateDirectory(path: string): void {
  const user = process.geteuid!();
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new OperatorError(
        `user ${user} can't make ${path}`,
        `as root: install -d -o ${user} -m 0700 ${path}; docs/privileges.md says more`,
        { cause },
      );
  }
  const { uid, mode } = lstat(path, user);
  if (uid !== user)
    throw new OperatorError(
      `${path} belongs to user ${uid}, and this is user ${user}`,
      user === 0
        ? `add --user ${uid}, or remove it when nothing of that user runs`
        : `as root: chown -R ${user} ${path}`,
    );
  if ((mode & OTHERS_MAY_WRITE) !== 0)
    throw new OperatorError(
      `others may write to ${path} (mode ${(mode & 0o7777).toString(8)})`,
      `chmod 0700 ${path}`,
    );
}

function lstat(path: string, user: number): { uid: number; mode: number } {
  const stats = lstatSync(path);
  if (stats.isDirectory()) return stats;
  throw new OperatorError(`${path} is no directory`, `remove it, so that user ${user} can make it`);
}
