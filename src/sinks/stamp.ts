import { ascii, digits, put } from './write.ts';

/**
 * The time at the start of a text line: `2021-04-28 15:28:05: `, local time. Made once per second; the calendar is
 * asked once per minute, so that a change of the zone's offset is seen.
 */
export class LocalStamp {
  readonly #text: Uint8Array = ascii('0000-00-00 00:00:00: ');
  #second = -1;
  #minute = -1;

  write(out: Uint8Array, pos: number, wallUs: number): number {
    const second = Math.floor(wallUs / 1e6);
    if (second !== this.#second) this.#refresh(second);
    return put(out, pos, this.#text);
  }

  #refresh(second: number): void {
    const minute = Math.floor(second / 60);
    if (minute !== this.#minute) {
      const date = new Date(minute * 60_000);
      calendar(
        this.#text,
        date.getFullYear(),
        date.getMonth() + 1,
        date.getDate(),
        date.getHours(),
        date.getMinutes(),
      );
      this.#minute = minute;
    }
    digits(this.#text, 17, second - minute * 60, 2);
    this.#second = second;
  }
}

/** RFC 3339 in UTC with microseconds: `2021-04-28T15:28:05.123456Z`. */
export class UtcStamp {
  readonly #text: Uint8Array = ascii('0000-00-00T00:00:00.');
  #second = -1;
  #minute = -1;

  write(out: Uint8Array, pos: number, wallUs: number): number {
    const second = Math.floor(wallUs / 1e6);
    if (second !== this.#second) this.#refresh(second);
    const p = digits(out, put(out, pos, this.#text), Math.floor(wallUs - second * 1e6), 6);
    out[p] = 0x5a; // Z
    return p + 1;
  }

  #refresh(second: number): void {
    const minute = Math.floor(second / 60);
    if (minute !== this.#minute) {
      const date = new Date(minute * 60_000);
      const month = date.getUTCMonth() + 1;
      calendar(
        this.#text,
        date.getUTCFullYear(),
        month,
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
      );
      this.#minute = minute;
    }
    digits(this.#text, 17, second - minute * 60, 2);
    this.#second = second;
  }
}

function calendar(
  text: Uint8Array,
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
): void {
  digits(text, 0, year, 4);
  digits(text, 5, month, 2);
  digits(text, 8, day, 2);
  digits(text, 11, hour, 2);
  digits(text, 14, minute, 2);
}
