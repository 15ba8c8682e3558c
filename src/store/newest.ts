/** A connection's event, where it is found again. */
export interface Found<Event> {
  readonly tsNs: number;
  readonly idHi: number;
  readonly idLo: number;
  readonly event: Event;
}

/** Where a page of an answer begins: after this one. */
export type Place = Pick<Found<unknown>, 'tsNs' | 'idHi' | 'idLo'>;

/** Does `a` come after `b`, newest first? Those of one time go by their ids. */
export function isAfter(a: Place, b: Place): boolean {
  if (a.tsNs !== b.tsNs) return a.tsNs < b.tsNs;
  return a.idHi === b.idHi ? a.idLo < b.idLo : a.idHi < b.idHi;
}

/** The newest of all that is offered, but at most so many. */
export class Newest<Event> {
  /** Newest first. */
  readonly found: Found<Event>[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Is there room for one of this time? Asked first: most are older than what was found already. */
  wants(tsNs: number): boolean {
    return this.found.length < this.#limit || tsNs >= this.found.at(-1)!.tsNs;
  }

  add(one: Found<Event>): void {
    let low = 0;
    let high = this.found.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isAfter(one, this.found[middle]!)) low = middle + 1;
      else high = middle;
    }
    this.found.splice(low, 0, one);
    if (this.found.length > this.#limit) this.found.pop();
  }
}

/** A place as text, which a client gives back. */
export function cursorOf({ tsNs, idHi, idLo }: Place): string {
  return [tsNs, idHi, idLo].map((n) => n.toString(36)).join('.');
}

/** Undefined: it is none. */
export function placeOf(cursor: string): Place | undefined {
  if (!/^[0-9a-z]{1,11}(?:\.[0-9a-z]{1,7}){2}$/.test(cursor)) return undefined;
  const [tsNs, idHi, idLo] = cursor.split('.').map((part) => Number.parseInt(part, 36));
  return { tsNs: tsNs!, idHi: idHi!, idLo: idLo! };
}
