import { writeSync } from 'node:fs';

/** The other screen of the terminal, without a cursor and without breaking lines. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

/** What may happen while nothing is done: a key, another size, a signal to end, or nothing until the time is over. */
export type Happening = { readonly key: string } | 'resize' | 'end' | 'time';

const CTRL_C = '\x03';
const CTRL_Z = '\x1a';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Of arrows and function keys, whose last letter is no key. */
// oxlint-disable-next-line no-control-regex -- they begin with one
const SEQUENCES = /\x1b[[O][0-9;]*[@-~]/g;
/** Keys that nobody has taken: more are dropped. */
const KEYS = 64;

/**
 * A terminal taken over in full, and given back as it was, however the program ends; SIGKILL alone leaves it so, and
 * `reset` mends that.
 */
export class Screen {
  readonly #happened: Happening[] = [];
  #shown: readonly string[] = [];
  #wake: (() => void) | undefined;
  #entered = false;

  /** A terminal that doesn't say, as a serial line, has 80 columns and 24 rows. */
  get columns(): number {
    return process.stdout.columns || 80;
  }

  get rows(): number {
    return process.stdout.rows || 24;
  }

  start(): void {
    process.once('exit', this.#leave); // whatever ends it
    for (const signal of SIGNALS) process.on(signal, this.#end);
    process.on('SIGCONT', this.#again);
    process.stdout.on('resize', this.#resize);
    // who has no keyboard here still has the screen
    if (process.stdin.isTTY)
      process.stdin.on('data', this.#keys).on('error', this.#end).on('end', this.#end).resume();
    this.#enter();
  }

  /** Gives the terminal back. */
  stop(): void {
    this.#leave();
    process.off('exit', this.#leave).off('SIGCONT', this.#again);
    for (const signal of SIGNALS) process.off(signal, this.#end);
    process.stdout.off('resize', this.#resize);
    process.stdin.off('data', this.#keys).off('error', this.#end).off('end', this.#end).pause();
  }

  /** Shows these lines, which have no control characters but those that set how they look; writes what has changed. */
  draw(lines: readonly string[]): void {
    let text = '';
    const shown = lines.slice(0, this.rows);
    for (const [i, line] of shown.entries())
      if (line !== this.#shown[i]) text += `\x1b[${i + 1};1H\x1b[K${line}\x1b[0m`;
    if (shown.length < this.#shown.length) text += `\x1b[${shown.length + 1};1H\x1b[J`;
    this.#shown = shown;
    if (text !== '') process.stdout.write(text);
  }

  /** Waits for what happens next, at most so long. */
  async next(ms: number): Promise<Happening> {
    if (this.#happened.length === 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#wake = undefined;
    return this.#happened.shift() ?? 'time';
  }

  readonly #end = (): void => this.#add('end');
  readonly #resize = (): void => {
    this.#shown = []; // what the terminal makes of the old lines is its own business
    process.stdout.write('\x1b[2J');
    this.#add('resize');
  };
  readonly #keys = (bytes: Buffer): void => {
    for (const key of bytes.toString('latin1').replace(SEQUENCES, ''))
      if (key === CTRL_C) this.#add('end');
      else if (key === CTRL_Z) this.#suspend();
      else if (this.#happened.length < KEYS) this.#add({ key });
  };

  /** The shell goes on with a terminal as it was; where no shell waits the kernel stops nobody, and it goes on itself. */
  #suspend(): void {
    this.#leave();
    process.kill(process.pid, 'SIGTSTP');
    setImmediate(this.#again);
  }

  /** Also after a SIGSTOP, which left the terminal as it is. */
  readonly #again = (): void => {
    this.#leave();
    this.#enter();
    this.#add('resize');
  };

  #enter(): void {
    this.#entered = true;
    this.#shown = [];
    if (process.stdin.isTTY) process.stdin.setRawMode(true);
    process.stdout.write(ENTER);
  }

  readonly #leave = (): void => {
    if (!this.#entered) return;
    this.#entered = false;
    try {
      writeSync(1, LEAVE);
      if (process.stdin.isTTY) process.stdin.setRawMode(false);
    } catch {
      // the terminal is gone
    }
  };

  #add(what: Happening): void {
    this.#happened.push(what);
    this.#wake?.();
  }
}
