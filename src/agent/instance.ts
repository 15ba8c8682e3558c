import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { lockFile, netnsCookie } from '../kernel/libc.ts';
import { privateDirectory } from '../kernel/private-directory.ts';
import { OperatorError } from '../model/errors.ts';

const DIRECTORY = '/run/packetwatch';

/** Path of the socket on which this namespace's running program takes commands. */
export function socketPath(): string {
  return `${DIRECTORY}/netns-${netnsCookie()}.sock`;
}

/** Answers to one-line commands of other processes of this user, or of root. */
export type Commands = Record<string, () => unknown>;

/**
 * One program per network namespace: holds a lock that ends with the process, and takes commands on a unix socket
 * that only root and its own user may open.
 */
export class Instance {
  #server: Server | undefined;
  #path: string | undefined;

  /** Throws OperatorError, naming the first one, when there is one already. */
  start(commands: Commands): void {
    const path = socketPath();
    const lock = path.replace(/sock$/, 'pid');
    privateDirectory(DIRECTORY);
    if (lockFile(lock) === undefined)
      throw new OperatorError(
        `packetwatch is already running here, process ${readFileSync(lock, 'utf8').trim() || 'unknown'}`,
        'see `packetwatch status`, or end that one first',
      );
    writeFileSync(lock, `${process.pid}\n`);
    remove(path);
    this.#path = path;
    this.#server = createServer((connection) => {
      let line = '';
      connection.setEncoding('utf8');
      connection.on('error', () => connection.destroy());
      connection.on('data', (chunk: string) => {
        line += chunk;
        if (line.length > 1024) connection.destroy();
        const end = line.indexOf('\n');
        if (end < 0) return;
        const answer = commands[line.slice(0, end)];
        connection.end(`${JSON.stringify(answer ? answer() : { error: 'no such command' })}\n`);
      });
    });
    const before = process.umask(0o177); // the directory may be one that others can enter
    this.#server.listen({ path, readableAll: false, writableAll: false });
    process.umask(before);
    this.#server.unref();
  }

  stop(): void {
    this.#server?.close();
    if (!this.#path) return;
    remove(this.#path);
    remove(this.#path.replace(/sock$/, 'pid')); // still locked: nobody else has it
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
