import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Origin } from '../kernel/never.ts';
import { ProcReader } from '../sources/proc-reader.ts';
import type { ProcRow } from '../sources/proc-rows.ts';
import { host, type KnownPrefix, parentOf, startOf } from './addresses.ts';
import { isSessionOf, userOfMonitor, userOfSession } from './ssh-title.ts';
import { TcpState } from '../model/tcp-state.ts';

export interface SshPeers {
  /** The peers of sessions that are authenticated now, each once. */
  readonly prefixes: readonly KnownPrefix[];
  /** What could not be read, one line each. */
  readonly problems: readonly string[];
}

/** An sshd whose title is a session's. */
interface Session {
  readonly pid: number;
  /** Pid and start: no other process ever has both. */
  readonly key: string;
}

/** sshd(8), and since OpenSSH 9.8 the process of a session. */
const PROGRAMS: ReadonlySet<string> = new Set(['sshd', 'sshd-session']);
/** Sessions looked at; a host with more has other worries, and the rest is told. */
const MAX_SESSIONS = 1024;
/** Descriptors looked at per session: forwarded connections have some, too. */
const MAX_DESCRIPTORS = 4096;
/** A process is asked what it is at its first two looks, since exec(2) may come between; then at every 12th look. */
const SURE_AFTER = 2;
const ALL_AGAIN = 12;

/**
 * Finds the peers of authenticated SSH sessions of this network namespace, through /proc.
 *
 * A session counts when its process is an sshd whose title names the user alone, as it does only after the
 * authentication, and which runs as root or is the child of root's monitor for the same user: nobody else can make
 * such a process. Its connection is the one on a port that somebody else listens on: what the session itself listens
 * on is forwarded for its user, and who comes that way was not authenticated.
 * It takes the right to look into processes of others (mayLookIntoOthers() in src/kernel).
 */
export class SshSessions {
  readonly #root: string;
  readonly #reader = new ProcReader();
  #known = '';
  #prefixes: readonly KnownPrefix[] = [];
  /** Looks at which a process was no sshd. */
  #others = new Map<number, number>();
  #looks = 0;

  /** @param root where proc(5) is */
  constructor(root = '/proc') {
    this.#root = root;
  }

  /** The peers now. The tables of sockets are read only when other sessions than at the last call are there. */
  peers(): SshPeers {
    const problems: string[] = [];
    let sessions: Session[] = [];
    try {
      sessions = this.#sessions(problems);
      const known = sessions.map(({ key }) => key).join(' ');
      if (known !== this.#known) {
        this.#prefixes = sessions.length === 0 ? [] : this.#peersOf(sessions);
        this.#known = known;
      }
    } catch (error) {
      problems.push(`cannot find the peers of SSH sessions: ${String(error)}`);
    }
    return { prefixes: this.#prefixes, problems };
  }

  #sessions(problems: string[]): Session[] {
    const ours = readlinkSync(`${this.#root}/self/ns/net`);
    const found: Session[] = [];
    for (const pid of this.#servers()) {
      try {
        const session = this.#session(pid, ours);
        if (session === undefined) continue;
        if (found.push(session) < MAX_SESSIONS) continue;
        problems.push(
          `more than ${MAX_SESSIONS} SSH sessions: the peers of the rest may be blocked`,
        );
        break;
      } catch {
        // It ended meanwhile.
      }
    }
    return found;
  }

  /** The processes that run an sshd. */
  #servers(): number[] {
    const again = this.#looks++ % ALL_AGAIN === 0;
    const before = this.#others;
    this.#others = new Map();
    const servers: number[] = [];
    for (const name of readdirSync(this.#root)) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const looks = again ? 0 : (before.get(pid) ?? 0);
      if (looks >= SURE_AFTER) {
        this.#others.set(pid, looks);
        continue;
      }
      try {
        if (isServer(readlinkSync(`${this.#root}/${pid}/exe`))) servers.push(pid);
        else this.#others.set(pid, looks + 1);
      } catch {
        this.#others.set(pid, looks + 1); // a kernel thread, or it ended
      }
    }
    return servers;
  }

  #session(pid: number, ours: string): Session | undefined {
    const title = this.#text(pid, 'cmdline');
    if (userOfSession(title) === undefined) return undefined;
    if (readlinkSync(`${this.#root}/${pid}/ns/net`) !== ours) return undefined;
    const stat = this.#text(pid, 'stat');
    if (!this.#isRoots(pid)) {
      const monitor = parentOf(stat) ?? 0;
      const user = userOfMonitor(this.#text(monitor, 'cmdline'));
      const trusted =
        user !== undefined &&
        isSessionOf(title, user) &&
        isServer(readlinkSync(`${this.#root}/${monitor}/exe`)) &&
        this.#isRoots(monitor);
      if (!trusted) return undefined;
    }
    return { pid, key: `${pid}@${startOf(stat)}` };
  }

  #isRoots(pid: number): boolean {
    return /^Uid:\t0\t0\t/m.test(this.#text(pid, 'status'));
  }

  #peersOf(sessions: readonly Session[]): KnownPrefix[] {
    const theirs = new Set<number>();
    for (const { pid } of sessions) {
      try {
        for (const inode of this.#sockets(pid)) theirs.add(inode);
      } catch (error) {
        if (!isAbsence(error)) throw error; // it ended meanwhile
      }
    }
    const connections: { port: number; peer: Uint8Array }[] = [];
    const servers = new Set<number>();
    const forwarded = new Set<number>();
    const onRow = (row: ProcRow): void => {
      if (row.state === TcpState.LISTEN)
        (theirs.has(row.inode) ? forwarded : servers).add(row.localPort);
      else if (row.state === TcpState.ESTABLISHED && theirs.has(row.inode))
        connections.push({ port: row.localPort, peer: bytesOf(row.remote) });
    };
    for (const table of ['tcp', 'tcp6']) {
      try {
        this.#reader.read(`${this.#root}/net/${table}`, onRow);
      } catch (error) {
        if (!isAbsence(error)) throw error; // without IPv6
      }
    }
    const peers = new Map<string, KnownPrefix>();
    for (const { port, peer } of connections)
      if (servers.has(port) && !forwarded.has(port))
        peers.set(peer.join(), host(peer, 'SSH session', Origin.ssh));
    return [...peers.values()];
  }

  /** Inodes of the sockets that a process holds. */
  #sockets(pid: number): number[] {
    const inodes: number[] = [];
    for (const fd of readdirSync(`${this.#root}/${pid}/fd`).slice(0, MAX_DESCRIPTORS)) {
      try {
        const link = readlinkSync(`${this.#root}/${pid}/fd/${fd}`);
        const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
        if (inode !== undefined) inodes.push(Number(inode));
      } catch {
        // It was closed meanwhile.
      }
    }
    return inodes;
  }

  #text(pid: number, file: string): string {
    return readFileSync(`${this.#root}/${pid}/${file}`, 'utf8');
  }
}

/** Also of a binary that was replaced by an upgrade while the session went on. */
function isServer(exe: string): boolean {
  const name = exe.replace(/ \(deleted\)$/, '');
  return PROGRAMS.has(name.slice(name.lastIndexOf('/') + 1));
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer.slice(words.byteOffset, words.byteOffset + 16));
}

function isAbsence(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
