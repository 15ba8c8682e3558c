import { ahead, later } from './sequence.ts';

/**
 * Lists of parts of a byte stream, each from a sequence number to another, ascending and apart from each other. One
 * piece of memory holds all lists; a list is named by its first node, 0 is the empty one.
 */
export class Ranges {
  readonly #max: number;
  /** Of each node: begin, end, next. */
  #nodes: Uint32Array = new Uint32Array(3 * 256);
  #used = 1;
  #free = 0;

  /** @param max nodes of all lists */
  constructor(max: number) {
    this.#max = max;
  }

  begin(node: number): number {
    return this.#nodes[3 * node]!;
  }

  end(node: number): number {
    return this.#nodes[3 * node + 1]!;
  }

  next(node: number): number {
    return this.#nodes[3 * node + 2]!;
  }

  /** Is all from `begin` to `end` in the list? */
  has(list: number, begin: number, end: number): boolean {
    for (let node = list; node !== 0; node = this.next(node))
      if (ahead(this.end(node), begin) > 0)
        return ahead(begin, this.begin(node)) >= 0 && ahead(this.end(node), end) >= 0;
    return false;
  }

  /** Adds a part and joins it with those that it touches. @returns the list, or -1 when there is no memory for it */
  add(list: number, begin: number, end: number): number {
    let before = 0;
    let node = list;
    let length = 0;
    for (; node !== 0 && ahead(begin, this.end(node)) > 0; node = this.next(node)) {
      before = node;
      if (++length === LONGEST) return -1;
    }
    if (node !== 0 && ahead(end, this.begin(node)) >= 0) {
      if (ahead(begin, this.begin(node)) < 0) this.#nodes[3 * node] = begin;
      this.#stretch(node, end);
      return list;
    }
    const added = this.#take();
    if (added === 0) return -1;
    this.#nodes[3 * added] = begin;
    this.#nodes[3 * added + 1] = end;
    this.#nodes[3 * added + 2] = node;
    if (before === 0) return added;
    this.#nodes[3 * before + 2] = added;
    return list;
  }

  /** Frees the first part of a list. @returns the rest */
  shift(list: number): number {
    const rest = this.next(list);
    this.#nodes[3 * list + 2] = this.#free;
    this.#free = list;
    return rest;
  }

  drop(list: number): void {
    for (let node = list; node !== 0; ) node = this.shift(node);
  }

  /** Lengthens a part, over those behind it that it reaches. */
  #stretch(node: number, end: number): void {
    let reach = later(end, this.end(node));
    let next = this.next(node);
    while (next !== 0 && ahead(reach, this.begin(next)) >= 0) {
      reach = later(reach, this.end(next));
      next = this.shift(next);
    }
    this.#nodes[3 * node + 1] = reach;
    this.#nodes[3 * node + 2] = next;
  }

  #take(): number {
    if (this.#free !== 0) {
      const node = this.#free;
      this.#free = this.next(node);
      return node;
    }
    if (this.#used > this.#max) return 0;
    if (3 * this.#used === this.#nodes.length) {
      const more = new Uint32Array(2 * this.#nodes.length);
      more.set(this.#nodes);
      this.#nodes = more;
    }
    return this.#used++;
  }
}

/** Holes of one end at once: with more, its window of a megabyte lost every tenth segment. */
const LONGEST = 64;
