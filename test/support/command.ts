/** Processes of the tests: run to their end, or kept and listened to; always ended by their own id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Done {
  /** Exit code; null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Of its standard input; what is made as it goes is made no faster than it is taken. */
  readonly input?: string | Iterable<Uint8Array>;
  readonly seconds?: number;
}

/** Runs a command to its end; its exit code is the caller's business. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Done> {
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const { input = '' } = options;
  child.stdin.on('error', () => {}); // it may end without reading
  if (typeof input === 'string') child.stdin.end(input);
  else Readable.from(input).pipe(child.stdin);
  const timer = setTimeout(() => child.kill('SIGKILL'), (options.seconds ?? 50) * 1000);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a command that must succeed; returns its standard output. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code === 0) return stdout;
  throw new Error(`${argv.join(' ')}: exit code ${code}: ${(stderr || stdout).trim()}`);
}

/** Looks again and again until there is something to return, at most for so many seconds. */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | undefined> | T | false | undefined,
  seconds = 15,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(10);
  }
}

/** The lines of a stream as they come. */
export class Lines {
  readonly all: string[] = [];
  #rest = '';
  #ended = false;
  readonly #waiting = new Set<() => void>();

  constructor(stream: NodeJS.ReadableStream) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop()!;
      this.all.push(...lines);
      for (const look of this.#waiting) look();
    });
    const end = () => {
      this.#ended = true;
      for (const look of this.#waiting) look();
    };
    stream.on('end', end).on('close', end).on('error', end);
  }

  /** What follows the last newline. */
  get rest(): string {
    return this.#rest;
  }

  /** The first of all lines of which `find` makes something; waits for it. */
  wait<T>(what: string, find: (line: string) => T | undefined, seconds = 15): Promise<T> {
    return new Promise((resolve, reject) => {
      let next = 0;
      const stop = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const fail = (why: string) => {
        stop();
        const last = this.all.slice(-10).map((line) => line.slice(0, 300));
        reject(new Error([`${why}: ${what}; the last lines are:`, ...last].join('\n')));
      };
      const timer = setTimeout(() => fail(`not within ${seconds} s`), seconds * 1000);
      const look = () => {
        while (next < this.all.length) {
          const found = find(this.all[next++]!);
          if (found === undefined) continue;
          stop();
          resolve(found);
          return;
        }
        if (this.#ended) fail('its output ended before');
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** A process that runs while the test goes on. */
export class Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly out: Lines;
  readonly err: Lines;
  /** Its exit code, null after a signal, once it has ended and all of its output is here. */
  readonly ended: Promise<number | null>;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.pid = child.pid!;
    this.out = new Lines(child.stdout ?? Readable.from([]));
    this.err = new Lines(child.stderr!);
    child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve) => child.once('close', resolve));
  }

  /** @param stdout where its standard output goes instead of here: an open descriptor */
  static async start(argv: readonly string[], stdout?: number): Promise<Running> {
    const child = spawn(argv[0]!, argv.slice(1), { stdio: ['pipe', stdout ?? 'pipe', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve).once('error', reject);
    });
    return new Running(child);
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it by a signal, at last by SIGKILL, and returns its exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM', seconds = 20): Promise<number | null> {
    if (this.alive) this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), seconds * 1000);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}
