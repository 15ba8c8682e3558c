import type { HostInterface } from './interface-table.ts';

const SECOND_NS = 1e9;
/** Lines told at once; a host that starts a hundred containers tells of them in a few. */
const BURST = 20;
/** After that, one of these. */
const PER_LINE_NS = SECOND_NS;
/** The same of one interface that goes down and up again and again. */
const FLIPS_BURST = 4;
const PER_FLIPS_NS = 10 * SECOND_NS;

/** It is told that an interface is down when it has been so long: who deletes one sets it down before. */
const SETTLED_NS = 0.25 * SECOND_NS;

/** What could not be done for an interface is tried again then. */
export const RETRY_NS: number = 2 * SECOND_NS;

/** What the operator was told of an interface. */
interface Told {
  flips: number;
  /** When it was something else first; 0: it isn't. */
  sinceNs: number;
  readonly room: Room;
}

/** How much may be told now: a burst, and then one in so long. */
class Room {
  readonly #most: number;
  readonly #eachNs: number;
  #left: number;
  #atNs = 0;

  constructor(most: number, eachNs: number) {
    this.#most = most;
    this.#eachNs = eachNs;
    this.#left = most;
  }

  take(nowNs: number): boolean {
    this.#left = Math.min(this.#most, this.#left + (nowNs - this.#atNs) / this.#eachNs);
    this.#atNs = nowNs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

/** What happened to interfaces, as lines for the operator, so many at most. Pure. */
export class InterfaceNews {
  readonly #lines: string[] = [];
  readonly #told = new Map<number, Told>();
  readonly #room = new Room(BURST, PER_LINE_NS);
  #untold = 0;
  #untoldNow = 0;

  /** Changes that were counted instead of told; it only grows. */
  get untold(): number {
    return this.#untold;
  }

  tell(line: string, nowNs: number): void {
    if (this.#room.take(nowNs)) {
      this.#lines.push(line);
      return;
    }
    this.#untold++;
    this.#untoldNow++;
  }

  /** Begins to follow an interface. */
  came({ index, flips }: HostInterface): void {
    this.#told.set(index, { flips, sinceNs: 0, room: new Room(FLIPS_BURST, PER_FLIPS_NS) });
  }

  went(index: number): void {
    this.#told.delete(index);
  }

  /** Tells that it went down, or up, when there is something to tell. */
  flipped({ index, name, up, flips }: HostInterface, nowNs: number): void {
    const told = this.#told.get(index);
    if (!told || flips === told.flips) return;
    if (told.sinceNs === 0) told.sinceNs = nowNs;
    if (nowNs - told.sinceNs < SETTLED_NS || !told.room.take(nowNs)) return;
    told.sinceNs = 0;
    const times = Math.ceil((flips - told.flips) / 2);
    const state = up ? 'up again' : 'down';
    const often = times > 1 ? `, after ${times} times down and up` : '';
    told.flips = flips;
    this.tell(`${name} is ${state}${often}`, nowNs);
  }

  /** The lines since the last call. */
  take(nowNs: number): string[] {
    if (this.#untoldNow > 0 && this.#room.take(nowNs)) {
      this.#lines.push(`${this.#untoldNow} further changes of interfaces are not told one by one`);
      this.#untoldNow = 0;
    }
    return this.#lines.splice(0);
  }
}
