/** What is noted of a handshake that didn't end, by its connection's id; the numbers are flow's (Answer). */
export const Note = {
  none: 0,
  /** Its SYN+ACK was seen, again and again. */
  answered: 1,
  /** Its SYN+ACK, and then an RST of the originator, which ended the handshake. */
  reset: 2,
} as const;

/**
 * One word for each id, overwritten when its place is needed: nothing to expire, and no state that a flood could fill;
 * as `pw_answers` of the kernel programs.
 */
export class AnswerNotes {
  readonly #words: Uint32Array = new Uint32Array(PLACES);

  note(idLo: number, idHi: number, note: number): void {
    this.#words[idLo & (PLACES - 1)] = (idHi & TAG) | note;
  }

  /** One of Note. */
  of(idLo: number, idHi: number): number {
    const word = this.#words[idLo & (PLACES - 1)]!;
    return ((word ^ idHi) & TAG) === 0 ? word & ~TAG : Note.none;
  }
}

const PLACES = 1 << 16;
/** 30 bits of the id tell it from others of its place. */
const TAG = ~3;
