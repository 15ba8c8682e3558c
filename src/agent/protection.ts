import { gatherNeverBlock, thisHost } from '../guard/never-block.ts';
import type { Firewall } from '../guard/firewall.ts';
import { interfaceAddresses } from '../kernel/addresses.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type AddressPrefix, contains } from '../wire/prefix.ts';

const REFRESH_NS = 5e9;

/** Keeps the kernel's never-block list current, so that nobody locks the owner out. */
export class Protection {
  readonly #kernel: Kernel;
  readonly #firewall: Firewall | undefined;
  readonly #note: (line: string) => void;
  readonly #host = thisHost();
  readonly #told = new Set<string>();
  #known: ReadonlySet<string> = new Set();
  #nextNs = 0;

  /** @param firewall what else blocks */
  constructor(kernel: Kernel, firewall: Firewall | undefined, note: (line: string) => void) {
    this.#kernel = kernel;
    this.#firewall = firewall;
    this.#note = note;
  }

  /** Gathers the list again when it is older than 5 s. */
  refresh(nowNs: number): void {
    if (nowNs < this.#nextNs) return;
    this.#nextNs = nowNs + REFRESH_NS;
    const { prefixes, problems: unread } = gatherNeverBlock(this.#host);
    const problems = [...unread];
    const found = prefixes.map(({ address, prefixLength, origin }) => {
      return { address, length: prefixLength, origin };
    });
    const without = this.#kernel.never.set(found);
    if (without > 0) problems.push('more than 4096 addresses to protect: some may be blocked');
    const never = this.#kernel.never.list();
    this.#firewall?.protect(never, [...interfaceAddresses().values()].flat());
    this.#freeProtected(nowNs, never);
    for (const problem of problems) {
      if (this.#told.has(problem)) continue;
      this.#told.add(problem);
      this.#note(problem);
    }
  }

  /** A source that became protected while it was blocked is let in: a session that began before the block, say. */
  #freeProtected(nowNs: number, prefixes: readonly AddressPrefix[]): void {
    const gained = prefixes.filter((prefix) => !this.#known.has(keyOf(prefix)));
    this.#known = new Set(prefixes.map(keyOf));
    if (gained.length === 0) return;
    const isGained = (address: Uint8Array) =>
      gained.some((prefix) => contains(prefix, { address, length: 128 }));
    // Of IPv6 a block is of a /64: it goes when the address that brought it about is protected.
    for (const { source, fullSource } of this.#kernel.table.blocks(nowNs).active)
      if (isGained(source) || isGained(fullSource)) this.#kernel.requests.unblock(source);
  }
}

function keyOf({ address, length }: AddressPrefix): string {
  return `${address.join()}/${length}`;
}
