/** Where a time is put. */
export interface Instant {
  /** Since 1970, whole. */
  seconds: number;
  nanoseconds: number;
}

/** Division by up to so many units a second goes in 16-bit digits without leaving the integers that a double holds. */
const MOST_BY_DIGITS = 2 ** 37;

/** The clock of a pcapng interface, which counts units of 10^-n or 2^-n seconds in 64 bits. */
export class CaptureClock {
  readonly #unitsPerSecond: number;
  readonly #exactUnits: bigint;
  /** Of a unit; whole where that is exact, as for microseconds. */
  readonly #nanoseconds: number;
  readonly #offsetSeconds: number;

  /**
   * @param resolution the option if_tsresol: n, with bit 7 set for powers of two
   * @param offsetSeconds the option if_tsoffset
   */
  constructor(resolution: number, offsetSeconds: number) {
    const base = resolution < 128 ? 10n : 2n;
    this.#exactUnits = base ** BigInt(resolution & 127);
    this.#unitsPerSecond = Number(this.#exactUnits);
    this.#nanoseconds = 1e9 / this.#unitsPerSecond;
    this.#offsetSeconds = offsetSeconds;
  }

  /** @param high,low the two halves of a packet's time */
  read(high: number, low: number, into: Instant): void {
    const units = this.#unitsPerSecond;
    let seconds: number;
    let rest: number;
    if (high < 0x20_0000) {
      const all = high * 0x1_0000_0000 + low;
      seconds = Math.floor(all / units);
      rest = all - seconds * units;
    } else if (units <= MOST_BY_DIGITS) {
      seconds = Math.floor(high / units);
      rest = high - seconds * units;
      const upper = rest * 0x1_0000 + (low >>> 16);
      const first = Math.floor(upper / units);
      const lower = (upper - first * units) * 0x1_0000 + (low & 0xffff);
      const second = Math.floor(lower / units);
      seconds = (seconds * 0x1_0000 + first) * 0x1_0000 + second;
      rest = lower - second * units;
    } else {
      const all = (BigInt(high) << 32n) | BigInt(low);
      seconds = Number(all / this.#exactUnits);
      rest = Number(all % this.#exactUnits);
    }
    into.seconds = Math.max(0, seconds + this.#offsetSeconds);
    into.nanoseconds = Math.min(999_999_999, Math.floor(rest * this.#nanoseconds));
  }
}
