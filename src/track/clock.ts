/** A jump ahead of more than this would end all connections. */
const FAR_AHEAD_NS = 3600e9;
/** Packets of one capture overtake each other by less. */
const FAR_BEHIND_NS = 60e9;

/**
 * The time of a capture: that of its latest packet. A single packet with quite another time, far ahead or behind, is
 * not followed; two in a row are, since clocks are set, and captures put behind each other.
 */
export class Clock {
  nowNs = 0;
  #strayNs = Number.NaN;

  /** Takes the time of the next packet. True: the time is another now. */
  take(tsNs: number): boolean {
    const stepNs = tsNs - this.nowNs;
    const isStray = this.nowNs !== 0 && (stepNs > FAR_AHEAD_NS || stepNs < -FAR_BEHIND_NS);
    if (!isStray) {
      this.#strayNs = Number.NaN;
      if (stepNs <= 0) return false;
    } else if (!(Math.abs(tsNs - this.#strayNs) <= FAR_BEHIND_NS)) {
      this.#strayNs = tsNs;
      return false;
    }
    this.nowNs = tsNs;
    return true;
  }
}
