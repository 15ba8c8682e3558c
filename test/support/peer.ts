import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Running } from './command.ts';

/** Not a version manager's wrapper, whose own processes would be seen. */
export const PYTHON: string = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
export const PEER: string = fileURLToPath(new URL('peer.py', import.meta.url));

export interface Listener {
  /** `::` takes IPv4 as well. */
  readonly host: string;
  readonly port?: number;
  /**
   * echo: sends back what comes · answer: reads `receive` bytes, sends `send` bytes, waits for the client's close ·
   * finish: the same, but closes first · reset: the same, but resets · close: neither reads nor writes ·
   * idle: nobody accepts
   */
  readonly mode: 'echo' | 'answer' | 'finish' | 'reset' | 'close' | 'idle';
  readonly send?: number;
  readonly receive?: number;
  /** A forked child accepts and serves; the process itself only listens. */
  readonly worker?: boolean;
}

export interface Connect {
  readonly host: string;
  readonly port: number;
  readonly source?: string;
  readonly source_port?: number;
  readonly send?: number;
  readonly receive?: number;
  readonly end?: 'close' | 'reset' | 'hold';
  /** How long the call may take. */
  readonly seconds?: number;
  /** TCP_USER_TIMEOUT: how long what was sent may stay unacknowledged. */
  readonly patience_ms?: number;
}

export interface Connected {
  /** Its local port. */
  readonly port: number;
  readonly received?: number;
  /** Name of the errno. */
  readonly error?: string;
  /** For say() and end(), when it is held. */
  readonly connection: number;
}

/** test/support/peer.py in a namespace. */
export class Peer {
  readonly running: Running;
  #n = 0;

  constructor(running: Running) {
    this.running = running;
  }

  get pid(): number {
    return this.running.pid;
  }

  /** Returns once it listens: its port, and the worker's pid. */
  async listen(how: Listener): Promise<{ port: number; worker?: number }> {
    const answer = await this.#ask<{ port: number; worker?: number; error?: string }>(
      'listen',
      how,
    );
    if (answer.error !== undefined) throw new Error(`listen: ${answer.error}`);
    return answer;
  }

  async connect(how: Connect): Promise<Connected> {
    const answer = await this.#ask<Connected & { n: number }>('connect', how);
    return { ...answer, connection: answer.n };
  }

  say(connection: number, text: string): Promise<{ reply?: string; error?: string }> {
    return this.#ask('say', { connection, text });
  }

  async end(connection: number, how: 'close' | 'reset' = 'close'): Promise<void> {
    await this.#ask('end', { connection, how });
  }

  #ask<T>(op: string, command: object): Promise<T> {
    const n = ++this.#n;
    this.running.child.stdin!.write(`${JSON.stringify({ n, op, ...command })}\n`);
    return this.running.out.wait(
      `answer to ${op}`,
      (line) => {
        const answer = JSON.parse(line) as T & { n: number };
        return answer.n === n ? answer : undefined;
      },
      30,
    );
  }
}
