/** What is still remembered of a connection whose row is gone. */
export const Seen = {
  no: 0,
  /** Its attempt was told, no outcome: the row was evicted. */
  attempt: 1,
  /** It was told as unanswered, but a late answer may still come. */
  unanswered: 2,
  /** All was told. */
  ended: 3,
} as const;

/**
 * Remembers ids of connections whose row is gone but of which records may still come (retransmitted SYNs, the second
 * end of a local connection, an attempt that overtook nothing), so that nothing is told twice.
 * Direct-mapped and bounded: a newer id takes the slot of an older one. Endings are believed for
 * SEEN_S seconds only, because scanners use the same ports and sequence number again on a later day.
 */
export class SeenIds {
  readonly #slots: Uint32Array = new Uint32Array(SLOTS * 3); // id low, id high, second << 2 | state
  #used = false;

  remember(idLo: number, idHi: number, state: number, nowNs: number): void {
    const at = (idLo & (SLOTS - 1)) * 3;
    this.#used = true;
    this.#slots[at] = idLo;
    this.#slots[at + 1] = idHi;
    this.#slots[at + 2] = (secondOf(nowNs) << 2) | state;
  }

  /** One of Seen. */
  state(idLo: number, idHi: number, nowNs: number): number {
    if (!this.#used) return Seen.no;
    const at = (idLo & (SLOTS - 1)) * 3;
    const slots = this.#slots;
    if (slots[at] !== idLo || slots[at + 1] !== idHi) return Seen.no;
    const state = slots[at + 2]! & 3;
    if (state === Seen.attempt) return state;
    const age = (secondOf(nowNs) - (slots[at + 2]! >>> 2)) & SECOND_MASK;
    return age <= SEEN_S || age > SECOND_MASK - SEEN_S ? state : Seen.no;
  }
}

/** Linux gives up a connect after 127 s (tcp_syn_retries 6). */
const SEEN_S = 130;
const SLOTS = 1 << 16;
const SECOND_MASK = (1 << 30) - 1;

const secondOf = (ns: number): number => Math.floor(ns / 1e9) & SECOND_MASK;
