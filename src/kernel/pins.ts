import { accessSync, constants, existsSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OperatorError } from '../model/errors.ts';
import { detachLink, pinnedObject, pinObject } from './bpf.ts';
import { HOST_ROOT, namesIn, pinRoot, removeTree, requireBpffs } from './bpffs.ts';
import { closeFd, SystemError } from './libc.ts';
import { netnsCookie } from './libc-sockets.ts';
import { privateDirectory } from './private-directory.ts';

const NAMESPACE = /^netns-(\d+)$/;
const GENERATION = /^maps-(\d+)$/;
const LINK = /^link-/;
/** Of a pin that is to take another one's place, as `new-N` is of a generation: bpffs allows no dots in names. */
const NEXT = 'next-';

/**
 * What outlives the program, in one directory per network namespace: links, and a folder for each generation of maps,
 * of which there are two only while one takes the other's place.
 * The namespace's cookie is never used again, so a directory is never taken over from a namespace that is gone.
 */
export class Pins {
  readonly directory: string;
  readonly #root: string;
  readonly #allowed: string;
  /**
   * Descriptors of what is pinned from here, by name. Those of links are ours: a link without pin and descriptor is
   * detached by the kernel, so as long as we run nobody detaches one by removing its pin.
   */
  readonly #kept = new Map<string, number>();

  constructor(cookie: bigint = netnsCookie(), root: string = pinRoot()) {
    this.#root = root;
    this.directory = `${root}/netns-${cookie}`;
    this.#allowed = `${this.directory}-allowed`;
  }

  /** Those of root, where a user of its own has others. */
  static ofHost(): Pins {
    return new Pins(netnsCookie(), HOST_ROOT);
  }

  /** Cookies of all network namespaces for which something is pinned. */
  static cookies(): bigint[] {
    const names = stepOn(pinRoot(), () => namesIn(pinRoot()));
    return names.flatMap((name) => (NAMESPACE.exec(name)?.slice(1) ?? []).map(BigInt));
  }

  /** Mounts the BPF file system when nobody did, and makes what lies above the directory. Throws OperatorError. */
  prepare(): void {
    requireBpffs();
    privateDirectory(this.#root);
  }

  /** Makes the directory as well. */
  create(): void {
    this.prepare();
    stepOn(this.directory, () => {
      if (lstatSync(this.directory, { throwIfNoEntry: false })?.isDirectory() === false)
        removeTree(this.directory);
    });
    privateDirectory(this.directory);
  }

  /** Removes what no whole run has left: what was just about to be put in another's place, what isn't ours. */
  tidy(): void {
    for (const name of this.#names())
      if (!LINK.test(name) && !GENERATION.test(name)) this.#remove(name);
    for (const number of this.generations())
      for (const name of namesIn(`${this.directory}/maps-${number}`))
        if (name.startsWith(NEXT)) this.#remove(`maps-${number}/${name}`);
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

  /** Are there tables? */
  hasMaps(): boolean {
    return this.generations().length > 0;
  }

  /** Names of the pinned links. */
  links(): string[] {
    return this.#names().filter((name) => LINK.test(name));
  }

  /** Numbers of the generations of maps, the newest first. */
  generations(): number[] {
    return this.#names()
      .flatMap((name) => GENERATION.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  }

  /** Pins a generation: it is there with all of its objects, or not at all. Descriptors stay their owner's. */
  pinGeneration(number: number, objects: ReadonlyMap<string, number>): void {
    const path = `${this.directory}/new-${number}`;
    stepOn(path, () => mkdirSync(path, { mode: 0o700 }));
    for (const [name, fd] of objects) pinObject(fd, `${path}/${name}`);
    this.#rename(`new-${number}`, `maps-${number}`);
    for (const [name, fd] of objects) this.#kept.set(`maps-${number}/${name}`, fd);
  }

  /** Unpins a generation, at once: half of one is none. */
  dropGeneration(number: number): void {
    for (const name of this.#kept.keys())
      if (name.startsWith(`maps-${number}/`)) this.#kept.delete(name);
    this.#rename(`maps-${number}`, `new-${number}`);
    this.#remove(`new-${number}`);
  }

  /**
   * Pins an object, at once in the place of what has the name already. A link's descriptor is ours from here on,
   * that of anything else stays its owner's, who keeps it open.
   * @param name of a link, or `maps-N/NAME`
   */
  pin(fd: number, name: string): void {
    try {
      place(fd, `${this.directory}/${name}`);
    } catch (error) {
      if (LINK.test(name)) closeFd(fd);
      throw error;
    }
    this.#letGo(name);
    this.#kept.set(name, fd);
  }

  /** What an earlier run has pinned is ours: it is pinned again when somebody removes it. */
  keep(fd: number, name: string): void {
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
    const gone = [...this.#kept].filter(([name]) => !this.has(name));
    if (gone.length === 0) return 0;
    this.create();
    for (const [name, fd] of gone) {
      const path = `${this.directory}/${name}`;
      stepOn(path, () => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
      place(fd, path);
    }
    return gone.length;
  }

  /** A descriptor of what is pinned under this name; the caller closes it. */
  open(name: string): number | undefined {
    return opened(`${this.directory}/${name}`);
  }

  has(name: string): boolean {
    return existsSync(`${this.directory}/${name}`);
  }

  /** A link is detached by that: at once, where its kind can be, so that its place can be taken. */
  unpin(name: string): void {
    const link = LINK.test(name) ? this.link(name) : undefined;
    if (link !== undefined) detachLink(link);
    this.#remove(name);
    this.#letGo(name);
  }

  /** Keeps the map of what the user allows, beside a directory that goes. */
  keepAllowed(fd: number): void {
    place(fd, this.#allowed);
  }

  /** A descriptor of that map; the caller closes it. */
  openAllowed(): number | undefined {
    return opened(this.#allowed);
  }

  hasAllowed(): boolean {
    return existsSync(this.#allowed);
  }

  /** Returns whether it was there. */
  dropAllowed(): boolean {
    return stepOn(this.#allowed, () => removeTree(this.#allowed)) > 0;
  }

  /** Unpins everything: links first, so that no program runs on tables that are gone. @returns how many objects */
  release(): number {
    const links = this.links();
    for (const name of new Set([...links, ...this.#kept.keys()])) this.unpin(name);
    const count = links.length + stepOn(this.directory, () => removeTree(this.directory));
    return count;
  }

  /** Closes what is ours; pinned links stay attached. */
  close(): void {
    for (const name of this.#kept.keys()) this.#letGo(name);
  }

  #names(): string[] {
    return this.exists() ? stepOn(this.directory, () => namesIn(this.directory)) : [];
  }

  #remove(name: string): void {
    const path = `${this.directory}/${name}`;
    stepOn(path, () => removeTree(path));
  }

  #rename(from: string, to: string): void {
    const path = `${this.directory}/${to}`;
    stepOn(path, () => renameSync(`${this.directory}/${from}`, path));
  }

  #letGo(name: string): void {
    const fd = this.#kept.get(name);
    if (fd !== undefined && LINK.test(name)) closeFd(fd);
    this.#kept.delete(name);
  }
}

/** Pins an object, in the place of what is there. */
function place(fd: number, path: string): void {
  try {
    pinObject(fd, path);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== 'EEXIST') throw error;
    // Never without a pin: killed between removing one and the next, its link would be detached.
    const next = join(dirname(path), NEXT + basename(path));
    stepOn(path, () => {
      removeTree(next);
      pinObject(fd, next);
      if (lstatSync(path).isDirectory()) removeTree(path);
      renameSync(next, path);
    });
  }
}

/** Does something to a pin; what is refused is one line with the mend. */
function stepOn<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw code === undefined || cause instanceof SystemError ? cause : refused(path, code, cause);
  }
}

function opened(path: string): number | undefined {
  try {
    return pinnedObject(path);
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    if (cause.code === 'EPERM') throw cause; // bpf(2) is refused, whatever the pin
    // The kernel's answer also where this user may, and it is a folder.
    if (cause.code === 'EACCES' && isReadable(path)) return undefined;
    throw refused(path, cause.code, cause);
  }
}

function refused(path: string, code: string, cause: unknown): OperatorError {
  return new OperatorError(
    `${path} can't be used (${code})`,
    'as root, `packetwatch release` removes it',
    { cause },
  );
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isDenied(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EACCES';
}
