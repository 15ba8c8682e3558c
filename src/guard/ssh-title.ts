/**
 * The titles that OpenSSH's sshd gives its processes (setproctitle() in sshd.c, sshd-session.c, session.c and
 * monitor.c), seen in /proc/PID/cmdline: before the authentication `sshd: [accepted]`, `sshd: ann [net]` and
 * `sshd: unknown [priv]`; after it `sshd: ann`, with a session `sshd: ann@pts/0,pts/1` or `sshd: ann@notty`, and
 * for users other than root a monitor `sshd: ann [priv]` above it. Since 9.8 the name is `sshd-session`.
 */

const TITLE = /^sshd(?:-session)?: ([^[][^\0]*)/;
const MONITOR = ' [priv]';

/** What follows the program's name in a session's title that only an authenticated one has; undefined: it is none. */
export function userOfSession(cmdline: string): string | undefined {
  const rest = TITLE.exec(cmdline)?.[1];
  return rest === undefined || rest.includes(' [') ? undefined : rest;
}

/** The user of a privileged monitor, which has this title before the authentication as well. */
export function userOfMonitor(cmdline: string): string | undefined {
  const rest = TITLE.exec(cmdline)?.[1];
  return rest?.endsWith(MONITOR) ? rest.slice(0, -MONITOR.length) : undefined;
}

/** Is this session's title one of this user? */
export function isSessionOf(cmdline: string, user: string): boolean {
  const rest = userOfSession(cmdline);
  return rest !== undefined && (rest === user || rest.startsWith(`${user}@`));
}
