import { covers, type KnownPrefix } from '../guard/addresses.ts';
import { gatherNeverBlock, thisHost } from '../guard/never-block.ts';
import type { Firewall } from '../guard/firewall.ts';
import { interfaceAddresses } from '../kernel/addresses.ts';
import type { Kernel } from '../kernel/kernel.ts';

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
    const { prefixes, problems } = gatherNeverBlock(this.#host);
    const never = prefixes.map((p) => ({ address: p.address, length: p.prefixLength }));
    this.#kernel.setNever(never);
    this.#firewall?.protect(never, [...interfaceAddresses().values()].flat());
    this.#freeProtected(nowNs, prefixes);
    for (const problem of problems) {
      if (this.#told.has(problem)) continue;
      this.#told.add(problem);
      this.#note(problem);
    }
  }

  /** A source that became protected while it was blocked is let in: a session that began before the block, say. */
  #freeProtected(nowNs: number, prefixes: readonly KnownPrefix[]): void {
    const gained = prefixes.filter((prefix) => !this.#known.has(keyOf(prefix)));
    this.#known = new Set(prefixes.map(keyOf));
    if (gained.length === 0) return;
    const isGained = (address: Uint8Array) =>
      gained.some((p) => covers(p.address, p.prefixLength, address));
    // Of IPv6 a block is of a /64: it goes when the address that brought it about is protected.
    for (const { source, fullSource } of this.#kernel.table.blocks(nowNs).active)
      if (isGained(source) || isGained(fullSource)) this.#kernel.requests.unblock(source);
  }
}

function keyOf({ address, prefixLength }: KnownPrefix): string {
  return `${address.join()}/${prefixLength}`;
}
