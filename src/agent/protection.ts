import { covers, type KnownPrefix } from '../guard/addresses.ts';
import { gatherNeverBlock } from '../guard/never-block.ts';
import type { Kernel } from '../kernel/kernel.ts';

const REFRESH_NS = 5e9;

/** Keeps the kernel's never-block list current, so that nobody locks the owner out. */
export class Protection {
  readonly #kernel: Kernel;
  readonly #note: (line: string) => void;
  readonly #told = new Set<string>();
  #nextNs = 0;

  constructor(kernel: Kernel, note: (line: string) => void) {
    this.#kernel = kernel;
    this.#note = note;
  }

  /** Gathers the list again when it is older than 5 s. */
  refresh(nowNs: number): void {
    if (nowNs < this.#nextNs) return;
    this.#nextNs = nowNs + REFRESH_NS;
    const { prefixes, problems } = gatherNeverBlock();
    this.#kernel.setNever(prefixes.map((p) => ({ address: p.address, length: p.prefixLength })));
    this.#freeProtected(nowNs, prefixes);
    for (const problem of problems) {
      if (this.#told.has(problem)) continue;
      this.#told.add(problem);
      this.#note(problem);
    }
  }

  /** A source that became protected while it was blocked is let in. */
  #freeProtected(nowNs: number, prefixes: readonly KnownPrefix[]): void {
    for (const { source } of this.#kernel.table.blocks(nowNs).active)
      if (prefixes.some((p) => covers(p.address, p.prefixLength, source)))
        this.#kernel.requests.unblock(source);
  }
}
