/** Unsolicited claims in one second that are a flood, and those that no longer are one. */
const FLOOD = 50;
const CALM = 10;
/** So many calm seconds end it. */
const CALM_SECONDS = 3;

export interface FloodChange {
  readonly state: 'start' | 'end';
  /** Claims in the last second, or in all of a flood that ended. */
  readonly count: number;
}

interface Link {
  /** Claims so far. */
  counted: number;
  /** Claims before the flood that goes on. */
  before: number | undefined;
  calm: number;
}

/** Floods by interface, from counters that only grow from 0; call it once a second. */
export class Floods {
  readonly #links = new Map<number, Link>();

  look(ifindex: number, counted: number): FloodChange | undefined {
    const link = this.#links.get(ifindex) ?? { counted: 0, before: undefined, calm: 0 };
    this.#links.set(ifindex, link);
    const before = link.counted;
    link.counted = counted;
    if (link.before === undefined) {
      if (counted - before <= FLOOD) return undefined;
      link.before = before;
      link.calm = 0;
      return { state: 'start', count: counted - before };
    }
    link.calm = counted - before < CALM ? link.calm + 1 : 0;
    if (link.calm < CALM_SECONDS) return undefined;
    const count = counted - link.before;
    link.before = undefined;
    return { state: 'end', count };
  }
}
