import { accessSync, constants, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { OperatorError } from '../model/errors.ts';
import { isBpffs, mountBpffs } from './libc.ts';

const BPFFS = '/sys/fs/bpf';
export const HOST_ROOT: string = `${BPFFS}/packetwatch`;
/** One that root has mounted for a user who may not enter the host's: systemd mounts that for root alone. */
export const OWN_BPFFS = '/run/packetwatch/bpf';

/** Where the directories of all network namespaces are. */
export function pinRoot(): string {
  return isBpffs(OWN_BPFFS) ? OWN_BPFFS : HOST_ROOT;
}

/**
 * Mounts the host's BPF file system when nobody did and it is the one to use.
 * Throws OperatorError when there is none, or not for this user.
 */
export function requireBpffs(): void {
  if (pinRoot() === OWN_BPFFS) return;
  if (!isBpffs(BPFFS)) {
    try {
      mountBpffs(BPFFS);
    } catch (cause) {
      throw new OperatorError(
        `no BPF file system at ${BPFFS}, and mounting one failed`,
        `as root: mount -t bpf bpf ${BPFFS}`,
        { cause },
      );
    }
  }
  try {
    accessSync(BPFFS, constants.X_OK);
  } catch (cause) {
    const user = process.geteuid!();
    throw new OperatorError(
      `user ${user} may not enter ${BPFFS}`,
      `as root: mkdir ${OWN_BPFFS} && mount -t bpf -o mode=0700 bpf ${OWN_BPFFS} && chown ${user} ${OWN_BPFFS}`,
      { cause },
    );
  }
}

/** Names in a directory; none when there is no such directory. */
export function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** Whatever is there: objects, links to them, folders of them. @returns how many objects */
export function removeTree(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) {
    unlinkSync(path);
    return 1;
  }
  let count = 0;
  for (const name of readdirSync(path)) count += removeTree(`${path}/${name}`);
  rmdirSync(path);
  return count;
}
