import { type Carrier, Refused } from './carrier.ts';

/** Alerts that wait for one receiver; further ones are lost. */
export const MAX_WAITING = 1000;
const TRIES = 3;
/** Before the second try; doubled before the third. */
const BACK_OFF_MS = 1000;
const TIMEOUT_MS = 5000;
/** Losses are told at most so often. */
const TELL_EVERY_MS = 60_000;

/** What became of the alerts for one receiver: offered = sent + waiting + lost. */
export interface AlertCounts {
  readonly by: Carrier['by'];
  readonly to: string;
  readonly sent: number;
  readonly waiting: number;
  readonly lost: number;
}

/** Alerts on their way to one receiver, which may be slow or dead: nobody waits for it, and what is lost is counted. */
export class AlertQueue {
  readonly #carrier: Carrier;
  readonly #note: (line: string) => void;
  readonly #waiting: string[] = [];
  #sent = 0;
  #lost = 0;
  #toldLost = 0;
  /** Why the last of them were. */
  #why = '';
  #toldAtMs = -Infinity;
  #work: Promise<void> | undefined;
  #closing = false;
  #expired = false;
  /** Ends the pause or the try that goes on. */
  #hurry: () => void = () => {};

  /** @param note told that alerts were lost, a line at most once a minute */
  constructor(carrier: Carrier, note: (line: string) => void) {
    this.#carrier = carrier;
    this.#note = note;
  }

  /** Takes a JSON line, without its newline. */
  offer(line: string): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lose(1, `${MAX_WAITING} wait already`);
      return;
    }
    this.#waiting.push(line);
    this.#work ??= this.#deliver();
  }

  counts(): AlertCounts {
    return {
      by: this.#carrier.by,
      to: this.#carrier.name,
      sent: this.#sent,
      waiting: this.#waiting.length,
      lost: this.#lost,
    };
  }

  /** Delivers what waits, one try each, within `ms` milliseconds; the rest is lost, counted and told. */
  async stop(ms: number): Promise<void> {
    this.#closing = true;
    const timer = setTimeout(() => {
      this.#expired = true;
      this.#hurry();
    }, ms);
    this.#hurry();
    await this.#work;
    clearTimeout(timer);
    this.#carrier.close();
    this.#lose(this.#waiting.splice(0).length, 'the program ended first');
    this.#tell();
  }

  async #deliver(): Promise<void> {
    const { batch, gatherMs } = this.#carrier;
    while (this.#waiting.length > 0 && !this.#expired) {
      if (this.#waiting.length < batch || gatherMs === 0) await this.#pause(gatherMs);
      const lines = this.#waiting.slice(0, batch);
      const failure = await this.#tryAll(lines);
      this.#waiting.splice(0, lines.length);
      if (failure === undefined) this.#sent += lines.length;
      else this.#lose(lines.length, failure);
    }
    this.#work = undefined;
  }

  /** Why they could not be delivered; undefined when they were. */
  async #tryAll(lines: readonly string[]): Promise<string | undefined> {
    for (let tried = 1; ; tried++) {
      try {
        await this.#once(lines);
        return undefined;
      } catch (error) {
        if (error instanceof Refused || tried === TRIES || this.#closing) return reasonOf(error);
      }
      await this.#pause(BACK_OFF_MS * 2 ** (tried - 1));
    }
  }

  async #once(lines: readonly string[]): Promise<void> {
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const giveUp = (): void => {
        reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`));
        abort.abort();
      };
      timer = setTimeout(giveUp, TIMEOUT_MS);
      this.#hurry = () => {
        if (this.#expired) giveUp();
      };
    });
    try {
      await Promise.race([this.#carrier.send(lines, abort.signal), late]);
    } finally {
      clearTimeout(timer);
      this.#hurry = () => {};
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#closing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #lose(count: number, why: string): void {
    if (count === 0) return;
    this.#lost += count;
    this.#why = why;
    if (performance.now() - this.#toldAtMs >= TELL_EVERY_MS) this.#tell();
  }

  #tell(): void {
    const more = this.#lost - this.#toldLost;
    if (more === 0) return;
    this.#toldLost = this.#lost;
    this.#toldAtMs = performance.now();
    this.#note(
      `${more} ${more === 1 ? 'alert' : 'alerts'} for ${this.#carrier.name} lost: ${this.#why}`,
    );
  }
}

/** A code where there is one: a message may hold what the other side chose. */
function reasonOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.message : 'it failed';
}
