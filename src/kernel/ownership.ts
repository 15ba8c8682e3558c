import { ABOUT, type About, aboutMap, type Owner, readAbout } from './about.ts';
import { type Carried, Carry, type Target } from './carry.ts';
import { closeFd, SystemError } from './libc.ts';
import type { Maps } from './maps.ts';
import { monotonicNs } from './monotonic.ts';
import type { Pins } from './pins.ts';

/** The pinned maps as this program's own: taken over or pinned, with the blocks of others, and said whose they are. */
export class Ownership {
  readonly #maps: Maps;
  readonly #pins: Pins;
  /** Descriptor of the program that takes requests. */
  readonly #requests: number;
  readonly #carry: Carry;
  #about: About | undefined;
  #aboutMap: number | undefined;

  constructor(maps: Maps, pins: Pins, requests: number, target: Target) {
    this.#maps = maps;
    this.#pins = pins;
    this.#requests = requests;
    this.#carry = new Carry(maps.others, target);
  }

  /** Takes over what is pinned, or pins what is new. The blocks of other maps are here when it returns. */
  take(owner: Owner): void {
    const { adopted, generation } = this.#maps;
    this.#pins.create();
    this.#pins.tidy();
    const made = adopted ? readAbout(this.#pins, generation.number) : undefined;
    this.#about = {
      made: made?.made ?? owner.since,
      made_by: made?.made_by ?? owner.version,
      owner,
    };
    this.#carry.carry(monotonicNs());
    this.#pin(this.#about);
  }

  /** Ends what `take` began, once all links have the new programs: other maps go. @returns what became of their blocks */
  settle(): Carried {
    this.#carry.carry(monotonicNs());
    const carried = { ...this.#carry.result(), unreadable: this.#maps.unreadable.length };
    this.#maps.dropOthers(this.#pins);
    return carried;
  }

  /** Says, if that can be said, that the program ends and leaves the guard. */
  leave(): void {
    const about = this.#about!;
    try {
      const left = aboutMap({
        ...about,
        owner: { ...about.owner, left: new Date().toISOString() },
      });
      this.#pins.pin(left, `maps-${this.#maps.generation.number}/${ABOUT}`);
      closeFd(left);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error; // no descriptor or memory is left
    }
  }

  close(): void {
    if (this.#aboutMap !== undefined) closeFd(this.#aboutMap);
    this.#aboutMap = undefined;
  }

  #pin(about: About): void {
    const map = aboutMap(about);
    try {
      const others = [
        ['requests', this.#requests],
        [ABOUT, map],
      ] as const;
      this.#maps.pin(this.#pins, new Map(others));
    } finally {
      this.close();
      this.#aboutMap = map;
    }
  }
}
