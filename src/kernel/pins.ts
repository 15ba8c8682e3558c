import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OperatorError } from '../model/errors.ts';
import { detachLink, pinnedObject, pinObject } from './bpf.ts';
import { closeFd, isBpffs, mountBpffs, netnsCookie, SystemError } from './libc.ts';
import { privateDirectory } from './private-directory.ts';

const BPFFS = '/sys/fs/bpf';
const HOST_ROOT = `${BPFFS}/packetwatch`;
/** One that root has mounted for a user who may not enter the host's: systemd mounts that for root alone. */
export const OWN_BPFFS = '/run/packetwatch/bpf';
/** Of a pin that is to take another one's place: bpffs allows no dots in names. */
const NEXT = 'next-';

/**
 * What outlives the program: maps, links and one program, pinned in one directory per network namespace.
 * The namespace's cookie is never used again, so a directory is never taken over from a namespace that is gone.
 */
export class Pins {
  readonly directory: string;
  readonly #root: string;
  readonly #allowed: string;
  /**
   * Descriptors of what is pinned from here. Those of links are ours: a link without pin and descriptor is detached
   * by the kernel, so as long as we run nobody detaches one by removing its pin.
   */
  readonly #kept = new Map<string, number>();

  constructor(
    cookie: bigint = netnsCookie(),
    root: string = isBpffs(OWN_BPFFS) ? OWN_BPFFS : HOST_ROOT,
  ) {
    this.#root = root;
    this.directory = `${root}/netns-${cookie}`;
    this.#allowed = `${this.directory}-allowed`;
  }

  /** Those of root, where a user of its own has others. */
  static ofHost(): Pins {
    return new Pins(netnsCookie(), HOST_ROOT);
  }

  /** Mounts the BPF file system when nobody did, and makes what lies above the directory. Throws OperatorError. */
  prepare(): void {
    if (this.#root !== OWN_BPFFS) requireBpffs();
    privateDirectory(this.#root);
  }

  /** Makes the directory as well. */
  create(): void {
    this.prepare();
    privateDirectory(this.directory);
  }

  /** Removes what a run that was killed was just about to put in another pin's place. */
  tidy(): void {
    for (const name of this.names()) if (name.startsWith(NEXT)) this.unpin(name);
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

  /**
   * Pins an object, at once in the place of what has the name already. A link's descriptor is ours from here on,
   * that of anything else stays its owner's, who keeps it open.
   */
  pin(fd: number, name: string): void {
    try {
      this.#place(fd, `${this.directory}/${name}`);
    } catch (error) {
      if (isLink(name)) closeFd(fd);
      throw error;
    }
    this.#letGo(name);
    this.#kept.set(name, fd);
  }

  /** A descriptor of a pinned link, which stays ours. */
  link(name: string): number | undefined {
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    const fd = this.open(name);
    if (fd !== undefined) this.#kept.set(name, fd);
    return fd;
  }

  /** Pins again what somebody has removed. @returns how many there were */
  restore(): number {
    // One by one: listing the directory takes a descriptor, of which there may be none.
    const gone = [...this.#kept].filter(([name]) => !this.has(name));
    if (gone.length > 0) this.create();
    for (const [name, fd] of gone) this.#place(fd, `${this.directory}/${name}`);
    return gone.length;
  }

  /** A descriptor of what is pinned under this name; the caller closes it. */
  open(name: string): number | undefined {
    if (!existsSync(`${this.directory}/${name}`)) return undefined;
    return pinnedObject(`${this.directory}/${name}`);
  }

  has(name: string): boolean {
    return existsSync(`${this.directory}/${name}`);
  }

  /** A link is detached by that: at once, where its kind can be, so that its place can be taken. */
  unpin(name: string): void {
    const link = isLink(name) ? this.link(name) : undefined;
    if (link !== undefined) detachLink(link);
    rmSync(`${this.directory}/${name}`, { force: true });
    this.#letGo(name);
  }

  /** Keeps the map of what the user allows, beside a directory that goes. */
  keepAllowed(fd: number): void {
    this.#place(fd, this.#allowed);
  }

  /** A descriptor of that map; the caller closes it. */
  openAllowed(): number | undefined {
    return this.hasAllowed() ? pinnedObject(this.#allowed) : undefined;
  }

  hasAllowed(): boolean {
    return existsSync(this.#allowed);
  }

  /** Returns whether it was there. */
  dropAllowed(): boolean {
    if (!this.hasAllowed()) return false;
    unlinkSync(this.#allowed);
    return true;
  }

  /** Unpins everything: links first, so that no program runs on tables that are gone. */
  release(): number {
    const names = this.names();
    const all = [...new Set([...names, ...this.#kept.keys()])];
    for (const name of all.sort((a, b) => Number(isLink(b)) - Number(isLink(a)))) this.unpin(name);
    if (this.exists()) rmdirSync(this.directory);
    return names.length;
  }

  /** Closes what is ours; pinned links stay attached. */
  close(): void {
    for (const name of this.#kept.keys()) this.#letGo(name);
  }

  #place(fd: number, path: string): void {
    try {
      pinObject(fd, path);
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== 'EEXIST') throw error;
      // Never without a pin: killed between removing one and the next, its link would be detached.
      const next = join(dirname(path), NEXT + basename(path));
      rmSync(next, { force: true });
      pinObject(fd, next);
      renameSync(next, path);
    }
  }

  #letGo(name: string): void {
    const fd = this.#kept.get(name);
    if (fd !== undefined && isLink(name)) closeFd(fd);
    this.#kept.delete(name);
  }
}

function isLink(name: string): boolean {
  return name.startsWith('link-') || name.startsWith(`${NEXT}link-`);
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
