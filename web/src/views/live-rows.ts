import type { RowStore } from '../data/rows.ts';
import { RowElement } from './live-row.tsx';

/** Rows that are written before a frame, and of these made anew; what is left comes with the next frames. */
const WRITTEN = 8;
const MADE = 3;
/** When fewer of the rows in sight stay, each place gets the row that is there now: moving elements costs more. */
const STAY = 0.9;

/** Which rows are to be in the document. */
export interface RowWindow {
  readonly store: RowStore;
  /** Numbers of the store's rows in the order of the table. */
  readonly list: Float64Array;
  readonly first: number;
  /** Not in it. */
  readonly last: number;
  readonly rowPx: number;
  /** Of the row that keys are for, and of the one whose story is open. */
  readonly active: number | undefined;
  readonly opened: number | undefined;
}

/** The rows in the document, in the order of the table; however many change at once, a frame changes a few of them. */
export class LiveRows {
  readonly #body: HTMLElement;
  #rows: RowElement[] = [];
  readonly #spare: RowElement[] = [];
  #window: RowWindow | undefined;
  /** Of the frame before which nothing more is done; 0: something may be. */
  #frame = 0;
  #isDone = true;

  constructor(body: HTMLElement) {
    this.#body = body;
  }

  draw(window: RowWindow): void {
    this.#window = window;
    if (this.#frame === 0) this.#step();
    else this.#isDone = false;
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
  }

  #step(): void {
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (!this.#isDone) this.#step();
    });
    const { store, list, first, last, rowPx, active, opened } = this.#window!;
    this.#isDone = this.#arrange(list.subarray(first, last), first);
    let written = 0;
    for (const element of this.#rows) {
      const { seq, at } = element;
      const place = { at, topPx: at * rowPx, isActive: seq === active, isOpened: seq === opened };
      const row = store.row(seq);
      if (!element.differs(row, place)) continue;
      if (written === WRITTEN) {
        this.#isDone = false;
        break;
      }
      element.draw(row, place);
      written++;
    }
  }

  /** Each row gets an element, as far as there are some. @returns false: there are fewer than rows */
  #arrange(seqs: Float64Array, first: number): boolean {
    const stay = new Map<number, RowElement>();
    const wanted = new Set(seqs);
    for (const row of this.#rows) if (wanted.has(row.seq)) stay.set(row.seq, row);
    if (stay.size < STAY * Math.min(seqs.length, this.#rows.length)) stay.clear();
    const free = this.#rows.filter((row) => stay.get(row.seq) !== row);
    const next: RowElement[] = [];
    let made = 0;
    for (const [i, seq] of seqs.entries()) {
      let row = stay.get(seq) ?? free.shift();
      if (row === undefined) {
        if (made === MADE) continue;
        made++;
        row = this.#spare.pop() ?? new RowElement();
      }
      row.seq = seq;
      row.at = first + i;
      next.push(row);
    }
    for (const row of free) {
      row.tr.remove();
      this.#spare.push(row);
    }
    let place = this.#body.firstElementChild;
    for (const { tr } of next)
      if (tr === place) place = place.nextElementSibling;
      else this.#body.insertBefore(tr, place);
    this.#rows = next;
    return next.length === seqs.length;
  }
}
