import { pinnedText, textMap } from './generation.ts';
import type { Pins } from './pins.ts';

/** Pin, in a generation's folder, of who made and who uses it. */
export const ABOUT = 'about';

/** A program that has, or had, the maps. */
export interface Owner {
  readonly version: string;
  readonly pid: number;
  readonly uid: number;
  /** RFC 3339. */
  readonly since: string;
  /** When it ended and left the guard in force; absent: it runs, or was killed. */
  readonly left?: string;
}

/** Who made a generation of maps, and who has it now. */
export interface About {
  /** RFC 3339, and the version that made them. */
  readonly made: string;
  readonly made_by: string;
  readonly owner: Owner;
}

/** A map that says so; the caller closes it. */
export function aboutMap(about: About): number {
  return textMap(ABOUT, JSON.stringify(about));
}

/** What a generation says of itself; undefined: nothing. */
export function readAbout(pins: Pins, generation: number): About | undefined {
  const text = pinnedText(pins, `maps-${generation}/${ABOUT}`);
  try {
    const about = text === undefined ? undefined : (JSON.parse(text) as About);
    return typeof about?.owner?.pid === 'number' ? about : undefined;
  } catch {
    return undefined;
  }
}
