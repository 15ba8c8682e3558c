import { Answer } from './flow.ts';

/**
 * One word for each id, overwritten when its place is needed: nothing to expire, and no state that a flood could fill;
 * as `pw_answers` of the kernel programs.
 */
export class AnswerNotes {
  readonly #words: Uint32Array = new Uint32Array(PLACES);

  note(idLo: number, idHi: number, note: number): void {
    this.#words[idLo & (PLACES - 1)] = (idHi & TAG) | note;
  }

  /** One of Answer. */
  of(idLo: number, idHi: number): number {
    const word = this.#words[idLo & (PLACES - 1)]!;
    return ((word ^ idHi) & TAG) === 0 ? word & ~TAG : Answer.none;
  }
}

const PLACES = 1 << 16;
/** 30 bits of the id tell it from others of its place. */
const TAG = ~3;
