/** What is to happen when: a binary heap, the earliest first, and of equal times the one planned first. */
export class Timeline {
  readonly #heap: Planned[] = [];
  #planned = 0;

  plan(atMs: number, action: () => void): void {
    const heap = this.#heap;
    const one = { atMs, order: this.#planned++, action };
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(one, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = one;
  }

  /** Takes the earliest, unless it is later than `untilMs`. */
  next(untilMs: number): Planned | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (!first || first.atMs > untilMs) return undefined;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

export interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

function before(a: Planned, b: Planned): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
