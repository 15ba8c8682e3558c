import type { Kernel } from '../kernel/kernel.ts';

const REFRESH_NS = 5e9;

/** Keeps the kernel's never-block list current: nobody locks the owner out. */
export class Protection {
  readonly #kernel: Kernel;
  #nextNs = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  refresh(nowNs = 0): void {
    if (nowNs < this.#nextNs) return;
    this.#nextNs = nowNs + REFRESH_NS;
    this.#kernel.setNever([]);
  }
}
