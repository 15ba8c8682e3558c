import type { Pins } from '../kernel/pins.ts';
import { errorText } from '../model/errors.ts';

/** What pins hold outlives the program: those that somebody has removed are made again, and that is told. */
export class PinRepair {
  readonly #pins: Pins;
  readonly #note: (line: string) => void;
  /** They can't be made again, and that was told. */
  #without = false;

  constructor(pins: Pins, note: (line: string) => void) {
    this.#pins = pins;
    this.#note = note;
  }

  look(): void {
    const { directory } = this.#pins;
    try {
      const count = this.#pins.restore();
      if (count > 0) this.#note(`${count} pins were removed from ${directory}: pinned again`);
      this.#without = false;
    } catch (error) {
      if (this.#without) return;
      this.#without = true;
      const why = errorText(error);
      this.#note(
        `pins were removed from ${directory} and can't be made again, so the guard ends with this program (${why})`,
      );
    }
  }
}
