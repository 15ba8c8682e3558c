import type { ByteWindow } from '../packet/byte-window.ts';

/** No line of ours is longer by far; one that is isn't kept in memory. */
const LONGEST = 1_048_576;
const NEWLINE = 10;

/** The lines of a text that comes in pieces: each lies in the window's bytes from `at` to `end`. */
export class TextLines {
  at = 0;
  end = 0;
  /** Lines that were left out since they are too long. */
  tooLong = 0;
  #dropping = false;

  /** Goes on to the next line; false: the window must have more. */
  next(window: ByteWindow): boolean {
    for (;;) {
      const end = window.bytes.indexOf(NEWLINE, window.pos);
      if (end < 0 || end >= window.end) {
        if (window.left > LONGEST) this.#drop();
        if (this.#dropping) window.pos = window.end;
        return false;
      }
      this.at = window.pos;
      this.end = end;
      window.pos = end + 1;
      if (!this.#dropping) return true;
      this.#dropping = false;
    }
  }

  /** Nothing more comes: goes on to a last line without its end; false: there is none. */
  last(window: ByteWindow): boolean {
    this.at = window.pos;
    this.end = window.end;
    window.pos = window.end;
    return this.end > this.at;
  }

  #drop(): void {
    if (!this.#dropping) this.tooLong++;
    this.#dropping = true;
  }
}
