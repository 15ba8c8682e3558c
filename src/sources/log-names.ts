/** Interfaces and containers that a log names: as many as are known by number; further ones have no name. */
const MOST = 65_536;
const LONGEST = 253;

/** The names in lines of logs, by the numbers that records have instead. */
export class LogNames {
  /** Of whom is told at the moment; undefined: of this host. */
  host: string | undefined;
  readonly #numbers: Map<string, number> = new Map();
  readonly #names: (string | undefined)[] = [undefined];

  /** The number of a name; 0: there is none. */
  number(name: string | undefined): number {
    if (name === undefined || name === '') return 0;
    const text = name.slice(0, LONGEST);
    const known = this.#numbers.get(text);
    if (known !== undefined || this.#names.length > MOST) return known ?? 0;
    this.#numbers.set(text, this.#names.length);
    return this.#names.push(text) - 1;
  }

  iface(ifindex: number): string | undefined {
    return this.#names[ifindex];
  }

  container(cgroup: number): string | undefined {
    return this.#names[cgroup];
  }
}
