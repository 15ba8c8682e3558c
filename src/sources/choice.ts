import { OperatorError } from '../model/errors.ts';
import type { HostInterface } from './interface-table.ts';
import { isUsed, type Interfaces } from './interfaces.ts';

/** An interface that was asked for by name. */
interface Asked {
  readonly name: string;
  /** The last name it had: it may come back under that one as well. */
  last: string;
  /** Undefined while it isn't there. */
  index: number | undefined;
}

/**
 * Which interfaces are watched. A name that was asked for means the interface that has it at the start: it is followed
 * through renames, and who takes up its name later is another one until the first is gone. Without names it is every
 * interface in use, from its first address until it goes.
 */
export class Choice {
  readonly #asked: readonly Asked[];
  readonly #taken = new Set<number>();

  constructor(names: readonly string[]) {
    this.#asked = names.map((name) => ({ name, last: name, index: undefined }));
  }

  /** Those to watch at the start. Throws OperatorError when one that was asked for isn't there. */
  atStart(all: Interfaces['all']): HostInterface[] {
    const chosen = this.of(all, new Set());
    const missing = this.#asked.find(({ index }) => index === undefined);
    if (!missing) return chosen;
    throw new OperatorError(
      `there is no interface ${missing.name} here`,
      '`ip -brief link` lists them',
      { final: true },
    );
  }

  /** Those to watch now. @param gone indexes that went since the last call */
  of(all: Interfaces['all'], gone: ReadonlySet<number>): HostInterface[] {
    if (this.#asked.length > 0) return this.#named(all, gone);
    for (const index of gone) this.#taken.delete(index);
    for (const one of all.values()) if (isUsed(one)) this.#taken.add(one.index);
    return [...all.values()].filter(({ index }) => this.#taken.has(index));
  }

  #named(all: Interfaces['all'], gone: ReadonlySet<number>): HostInterface[] {
    const found = new Map<number, HostInterface>();
    for (const asked of this.#asked) {
      if (asked.index !== undefined && gone.has(asked.index)) asked.index = undefined;
      const one = all.get(asked.index ?? 0) ?? called(all, asked.name) ?? called(all, asked.last);
      if (!one) continue;
      asked.index = one.index;
      asked.last = one.name;
      found.set(one.index, one);
    }
    return [...found.values()];
  }
}

function called(all: Interfaces['all'], name: string): HostInterface | undefined {
  const interfaces = [...all.values()];
  return (
    interfaces.find((one) => one.name === name) ??
    interfaces.find((one) => one.otherNames.includes(name))
  );
}
