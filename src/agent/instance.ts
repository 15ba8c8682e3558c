import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  fstatSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { lockFile } from '../kernel/libc.ts';
import { netnsCookie } from '../kernel/libc-sockets.ts';
import { privateDirectory } from '../kernel/private-directory.ts';
import { OperatorError } from '../model/errors.ts';
import { type Commands, serve } from './command-socket.ts';

/** Of the lock and the socket for commands. */
export const DIRECTORY = '/run/packetwatch';
const HOLDER_TRIES = 50;
const HOLDER_MS = 10;

/** Path of the socket on which this namespace's running program takes commands. */
export function socketPath(): string {
  return `${DIRECTORY}/netns-${netnsCookie()}.sock`;
}

/** Holds the process that runs in a namespace, and is locked while it does. */
function lockPath(cookie: bigint = netnsCookie()): string {
  return `${DIRECTORY}/netns-${cookie}.pid`;
}

/** The process that runs here, or did when it was killed; `unknown`: nothing says so. */
export function lastPid(): string {
  const path = lockPath();
  return (existsSync(path) ? readFileSync(path, 'utf8').trim() : '') || 'unknown';
}

/** Does something for a namespace in which no program runs, and keeps any from beginning meanwhile. false: one runs. */
export function whileNobodyRuns(cookie: bigint, step: () => void): boolean {
  privateDirectory(DIRECTORY);
  const path = lockPath(cookie);
  const lock = takeLock(path);
  if (lock === undefined) return false;
  try {
    step();
    for (const left of [path.replace(/pid$/, 'sock'), path]) rmSync(left, { force: true });
  } finally {
    closeSync(lock);
  }
  return true;
}

/**
 * One program per network namespace: holds a lock that ends with the process, and takes commands on a unix socket
 * that only root and its own user may open.
 */
export class Instance {
  #server: Server | undefined;
  #path: string | undefined;
  #lock: number | undefined;

  /** Makes this program the one of its namespace; false: another one is. Throws OperatorError when this user may not. */
  lock(): boolean {
    privateDirectory(DIRECTORY);
    this.#lock ??= takeLock(lockPath());
    return this.#lock !== undefined;
  }

  /** Throws OperatorError, naming the first one, when there is one already. */
  async start(commands: Commands): Promise<void> {
    if (!this.lock())
      throw new OperatorError(
        `packetwatch is already running here, process ${await holderOf(lockPath())}`,
        '`watch --replace` takes over from it without a gap, `packetwatch status` says what it does',
        { final: true },
      );
    const path = socketPath();
    this.#path = path;
    writeFileSync(lockPath(), `${process.pid}\n`);
    rmSync(path, { force: true });
    this.#server = createServer((connection) => serve(connection, commands)).unref();
    const before = process.umask(0o177); // the directory may be one that others can enter
    this.#server.listen({ path, readableAll: false, writableAll: false });
    process.umask(before);
    await once(this.#server, 'listening');
  }

  stop(): void {
    this.#server?.close();
    if (!this.#path) return;
    rmSync(this.#path, { force: true });
    rmSync(lockPath(), { force: true }); // still locked: nobody else has it
  }

  /** As `stop`, but another program may run from now on, before this process has ended. */
  handOver(): void {
    this.#server?.close();
    if (this.#path) rmSync(this.#path, { force: true });
    if (this.#lock !== undefined) closeSync(this.#lock);
    this.#lock = undefined;
  }
}

/** undefined: somebody else holds it. */
function takeLock(path: string): number | undefined {
  for (;;) {
    const fd = lockFile(path);
    if (fd === undefined) return undefined;
    if (isAt(path, fd)) return fd;
    closeSync(fd); // whoever had it removed it between our opening and locking it
  }
}

/** Is this still the file that others find there? */
function isAt(path: string, fd: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there?.ino === fstatSync(fd).ino;
}

/** The process that holds the lock, which writes its number once it has it; until then that of one before is there. */
async function holderOf(lock: string): Promise<string> {
  let pid = '';
  for (let tries = 0; tries < HOLDER_TRIES; tries++) {
    if (existsSync(lock)) pid = readFileSync(lock, 'utf8').trim();
    if (pid !== '' && existsSync(`/proc/${pid}`)) break;
    await setTimeout(HOLDER_MS);
  }
  return pid || 'unknown';
}
