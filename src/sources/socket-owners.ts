import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as others } from 'node:timers/promises';
import type { SocketOwner } from '../model/sockets.ts';
import type { Owners } from '../sockets/owners.ts';

/** Descriptors that are looked at before whatever else this process does has its turn: about 5 ms. */
const AT_ONCE = 1000;

/** Finds the processes that have descriptors of sockets now (/proc/PID/fd). */
export class SocketOwners implements Owners {
  hidden = 0;
  readonly #root: string;
  #owners = new Map<number, SocketOwner[]>();
  #parents = new Map<number, number>();

  /** @param root /proc, or what a test has in its place */
  constructor(root = '/proc') {
    this.#root = root;
  }

  of(inode: number): readonly SocketOwner[] {
    return this.#owners.get(inode) ?? NOBODY;
  }

  parentOf(pid: number): number {
    return this.#parents.get(pid) ?? 0;
  }

  /** Has it seen, or looked for, each of these? Who has them may have changed since. */
  knows(inodes: ReadonlySet<number>): boolean {
    for (const inode of inodes) if (!this.#owners.has(inode)) return false;
    return true;
  }

  /** Looks into all processes for these sockets. */
  async look(inodes: ReadonlySet<number>): Promise<void> {
    const owners = new Map<number, SocketOwner[]>();
    const parents = new Map<number, number>();
    for (const inode of inodes) owners.set(inode, []);
    let hidden = 0;
    let looked = 0;
    for (const pid of inodes.size > 0 ? this.#processes() : []) {
      const descriptors = this.#descriptors(pid);
      if (descriptors === 'hidden') hidden++;
      else {
        let owner: SocketOwner | undefined;
        for (const fd of descriptors) {
          if (++looked % AT_ONCE === 0) await others();
          const having = owners.get(this.#inodeOf(pid, fd));
          if (!having || having.at(-1)?.pid === pid) continue;
          owner ??= { pid, process: this.#text(pid, 'comm').replace(/\n$/, '') };
          having.push(owner);
        }
        if (owner) parents.set(pid, parentIn(this.#text(pid, 'stat')));
      }
    }
    this.#owners = owners;
    this.#parents = parents;
    this.hidden = hidden;
  }

  #processes(): number[] {
    return readdirSync(this.#root)
      .map(Number)
      .filter((pid) => Number.isInteger(pid))
      .sort((a, b) => a - b);
  }

  #descriptors(pid: number): readonly string[] | 'hidden' {
    try {
      return readdirSync(`${this.#root}/${pid}/fd`);
    } catch (error) {
      return isRefusal(error) ? 'hidden' : []; // it has ended
    }
  }

  /** 0: it is no socket, or was closed meanwhile. */
  #inodeOf(pid: number, fd: string): number {
    try {
      const link = readlinkSync(`${this.#root}/${pid}/fd/${fd}`);
      return link.startsWith(SOCKET) ? Number.parseInt(link.slice(SOCKET.length), 10) : 0;
    } catch {
      return 0;
    }
  }

  #text(pid: number, file: string): string {
    try {
      return readFileSync(`${this.#root}/${pid}/${file}`, 'utf8');
    } catch {
      return ''; // it has ended
    }
  }
}

const NOBODY: readonly SocketOwner[] = [];
const SOCKET = 'socket:[';

function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM';
}

/** The fourth word of /proc/PID/stat, of which the second may be anything in parentheses. */
function parentIn(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0) || 0;
}
