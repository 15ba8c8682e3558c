/** Between two looks at the source: the latency of a line. */
const LOOK_MS = 10;
/** The same when nothing came for a second: wake-ups are what an idle program costs. */
const IDLE_LOOK_MS = 25;
/** So many records at one look: each wake-up has cold caches, and further apart they are fewer. */
const MANY = 128;
const MANY_LOOK_MS = 20;
const VERY_MANY = 512;
const VERY_MANY_LOOK_MS = 50;
/** So many records at one look: more wait, so that deadlines must too. */
export const BEHIND = 65_536;
const SECOND_NS = 1e9;

/** Looks at the source again and again: soon, but not for each handful of records when many come, nor for none. */
export class Pace {
  readonly #look: () => void;
  #lastTakenNs = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = -1;

  constructor(look: () => void) {
    this.#look = look;
  }

  /** Looks again when it is time to. @param taken records at the look that ends now */
  again(nowNs: number, taken: number): void {
    const ms = this.#ms(nowNs, taken);
    if (this.#timer && ms === this.#timerMs) {
      this.#timer.refresh(); // cheaper than a new one
      return;
    }
    this.#timerMs = ms;
    this.#timer = setTimeout(this.#look, ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #ms(nowNs: number, taken: number): number {
    if (taken > 0) this.#lastTakenNs = nowNs;
    if (taken >= BEHIND) return 0;
    if (taken >= VERY_MANY) return VERY_MANY_LOOK_MS;
    if (taken >= MANY) return MANY_LOOK_MS;
    return nowNs - this.#lastTakenNs > SECOND_NS ? IDLE_LOOK_MS : LOOK_MS;
  }
}
