import type { Ring } from '../kernel/ring.ts';
import type { Written } from './source.ts';

/** Marks kept at most; then the last one stands for what comes after it as well. */
const MARKS = 256;

interface Mark {
  /** Bytes of lines that there were when the records before `positions` were taken. */
  made: number;
  positions: number[];
}

/**
 * Records stay in their rings until the lines made of them are written: what kill -9 finds in our own buffer comes
 * again from the next start. When more than half of a ring would be held, because the reader is slow, its room is
 * worth more and is given back.
 */
export class Held {
  readonly #rings: readonly Ring[];
  readonly #marks: Mark[] = [];

  constructor(rings: readonly Ring[]) {
    this.#rings = rings;
  }

  /** Nothing waits to be given back. */
  get empty(): boolean {
    return this.#marks.length === 0;
  }

  /** What was taken so far is held until `made` bytes are written. */
  hold({ made }: Written): void {
    const positions = this.#rings.map((ring) => ring.position);
    const last = this.#marks.at(-1);
    if (last !== undefined && this.#marks.length === MARKS)
      Object.assign(last, { made, positions });
    else this.#marks.push({ made, positions });
  }

  /** Gives back what needn't be held. */
  settle({ written }: Written): void {
    let done: Mark | undefined;
    let n = 0;
    while (n < this.#marks.length && (this.#marks[n]!.made <= written || this.#holdsTooMuch(done)))
      done = this.#marks[n++];
    if (done === undefined) return;
    this.#marks.splice(0, n);
    for (const [i, ring] of this.#rings.entries()) ring.giveBack(done.positions[i]!);
  }

  /** Would more than half of a ring be held if all before this mark were given back? */
  #holdsTooMuch(before: Mark | undefined): boolean {
    return this.#rings.some((ring, i) => {
      const held = before === undefined ? ring.held : (ring.position - before.positions[i]!) >>> 0;
      return held * 2 > ring.size;
    });
  }
}
