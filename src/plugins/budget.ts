const SECOND_NS = 1e9;
/** Events that one plugin may tell in a second; the main log must stay readable. */
export const EVENTS_PER_SECOND = 1000;

/** So many events a second, counted in seconds of the monotonic clock. */
export class Budget {
  #second = -1;
  #used = 0;

  /** May one more be told? */
  take(nowNs: number): boolean {
    const second = Math.floor(nowNs / SECOND_NS);
    if (second !== this.#second) {
      this.#second = second;
      this.#used = 0;
    }
    return this.#used++ < EVENTS_PER_SECOND;
  }
}
