import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { OperatorError } from '../model/errors.ts';
import { pinnedObject, pinObject } from './bpf.ts';
import { closeFd, isBpffs, mountBpffs, netnsCookie } from './libc.ts';
import { privateDirectory } from './private-directory.ts';

const BPFFS = '/sys/fs/bpf';
/** One that root has mounted for a user who may not enter the host's: systemd mounts that for root alone. */
const OWN_BPFFS = '/run/packetwatch/bpf';

/**
 * What outlives the program: maps, links and one program, pinned in one directory per network namespace.
 * The namespace's cookie is never used again, so a directory is never taken over from a namespace that is gone.
 */
export class Pins {
  readonly directory: string;
  readonly #root: string;
  readonly #allowed: string;

  constructor(cookie: bigint = netnsCookie()) {
    this.#root = isBpffs(OWN_BPFFS) ? OWN_BPFFS : `${BPFFS}/packetwatch`;
    this.directory = `${this.#root}/netns-${cookie}`;
    this.#allowed = `${this.directory}-allowed`;
  }

  /** Makes the directory, mounting the BPF file system when nobody did. Throws OperatorError. */
  create(): void {
    if (this.#root !== OWN_BPFFS) requireBpffs();
    privateDirectory(this.#root);
    privateDirectory(this.directory);
  }

  /** Throws OperatorError when this user may not even look. */
  exists(): boolean {
    try {
      return lstatSync(this.directory).isDirectory();
    } catch (error) {
      if (!isDenied(error)) return false;
      throw new OperatorError(
        'only root and the user that runs packetwatch may see what it has in the kernel',
        'use sudo',
        { cause: error },
      );
    }
  }

  names(): string[] {
    return this.exists() ? readdirSync(this.directory) : [];
  }

  pin(fd: number, name: string): void {
    pinObject(fd, `${this.directory}/${name}`);
  }

  /** A descriptor of what is pinned under this name; the caller closes it. */
  open(name: string): number | undefined {
    if (!existsSync(`${this.directory}/${name}`)) return undefined;
    return pinnedObject(`${this.directory}/${name}`);
  }

  has(name: string): boolean {
    return existsSync(`${this.directory}/${name}`);
  }

  /** A link without pin and descriptor is detached by the kernel. */
  unpin(name: string): void {
    try {
      unlinkSync(`${this.directory}/${name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Replaces what is pinned under a name. */
  repin(fd: number, name: string): void {
    this.unpin(name);
    this.pin(fd, name);
  }

  /** Keeps the map of what the user allows, beside a directory that goes. */
  keepAllowed(fd: number): void {
    this.dropAllowed();
    pinObject(fd, this.#allowed);
  }

  /** A descriptor of that map; the caller closes it. */
  openAllowed(): number | undefined {
    return existsSync(this.#allowed) ? pinnedObject(this.#allowed) : undefined;
  }

  /** Returns whether it was there. */
  dropAllowed(): boolean {
    if (!existsSync(this.#allowed)) return false;
    unlinkSync(this.#allowed);
    return true;
  }

  /** Unpins everything: links first, so that no program runs on tables that are gone. */
  release(): number {
    const names = this.names().sort(
      (a, b) => Number(b.startsWith('link-')) - Number(a.startsWith('link-')),
    );
    for (const name of names) this.unpin(name);
    if (this.exists()) rmdirSync(this.directory);
    return names.length;
  }
}

/** Mounts the host's BPF file system when nobody did. Throws OperatorError when there is none, or not for this user. */
function requireBpffs(): void {
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

function isDenied(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EACCES';
}

/** Opens a pin for one use. */
export function withPin<T>(pins: Pins, name: string, use: (fd: number) => T): T | undefined {
  const fd = pins.open(name);
  if (fd === undefined) return undefined;
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}
