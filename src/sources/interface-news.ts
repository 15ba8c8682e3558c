import type { HostInterface } from './interface-table.ts';

const SECOND_NS = 1e9;
/** Lines told at once; a host that starts a hundred containers tells of them in a few. */
const BURST = 20;
/** After that, one of these. */
const PER_LINE_NS = SECOND_NS;
/** An interface that goes down and up again and again is told of so often. */
const FLIPS_NS = 10 * SECOND_NS;

/** What the operator was told of an interface. */
interface Told {
  flips: number;
  nextNs: number;
}

/** What happened to interfaces, as lines for the operator, so many at most. Pure. */
export class InterfaceNews {
  readonly #lines: string[] = [];
  readonly #told = new Map<number, Told>();
  #room = BURST;
  #fullNs = 0;
  #untold = 0;
  #untoldNow = 0;

  /** Changes that were counted instead of told; it only grows. */
  get untold(): number {
    return this.#untold;
  }

  tell(line: string, nowNs: number): void {
    this.#fill(nowNs);
    if (this.#room < 1) {
      this.#untold++;
      this.#untoldNow++;
      return;
    }
    this.#room--;
    this.#lines.push(line);
  }

  /** Begins to follow an interface. */
  came({ index, flips }: HostInterface): void {
    this.#told.set(index, { flips, nextNs: 0 });
  }

  went(index: number): void {
    this.#told.delete(index);
  }

  /** Tells that it went down, or up, when there is something to tell. */
  flipped({ index, name, up, flips }: HostInterface, nowNs: number): void {
    const told = this.#told.get(index);
    if (!told || flips === told.flips || nowNs < told.nextNs) return;
    const times = Math.ceil((flips - told.flips) / 2);
    const state = up ? 'up again' : 'down';
    const often = times > 1 ? `, after ${times} times down and up` : '';
    told.flips = flips;
    told.nextNs = nowNs + FLIPS_NS;
    this.tell(`${name} is ${state}${often}`, nowNs);
  }

  /** The lines since the last call. */
  take(nowNs: number): string[] {
    this.#fill(nowNs);
    if (this.#untoldNow > 0 && this.#room >= 1) {
      this.#lines.push(`${this.#untoldNow} further changes of interfaces are not told one by one`);
      this.#untoldNow = 0;
      this.#room--;
    }
    return this.#lines.splice(0);
  }

  #fill(nowNs: number): void {
    if (this.#fullNs === 0) this.#fullNs = nowNs;
    const more = (nowNs - this.#fullNs) / PER_LINE_NS;
    this.#room = Math.min(BURST, this.#room + more);
    this.#fullNs = nowNs;
  }
}
