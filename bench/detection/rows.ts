/** Rows of docs/detection.md, kept from run to run: a quick run measures some of them anew. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../out/results/detection-rows.json', import.meta.url));

export interface Row {
  readonly cells: readonly string[];
  /** What summaries are made of. */
  readonly figures: Readonly<Record<string, number>>;
}

interface Kept extends Row {
  /** The day. */
  readonly on: string;
  /** CPU in use by other work when its run began. */
  readonly otherPct: number;
}

/** One table of the page. */
export interface Part {
  readonly name: string;
  readonly title: string;
  /** How it was measured, one sentence per line. */
  readonly method: readonly string[];
  readonly columns: readonly string[];
  /** The names of all rows, in order; also of those that a quick run leaves out. */
  readonly rows: readonly string[];
  /** Sentences over the whole table. */
  summary(rows: readonly Row[]): string[];
}

/** The last result of each row on this machine. */
export class Rows {
  readonly #parts: Record<string, Record<string, Kept>>;
  readonly #otherPct: number;

  /** @param otherPct CPU in use by other work now */
  constructor(otherPct: number) {
    this.#otherPct = otherPct;
    this.#parts = existsSync(FILE)
      ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Record<string, Kept>>)
      : {};
  }

  put(part: Part, name: string, row: Row): void {
    const on = new Date().toISOString().slice(0, 10);
    (this.#parts[part.name] ??= {})[name] = { ...row, on, otherPct: this.#otherPct };
    writeFileSync(FILE, JSON.stringify(this.#parts));
  }

  /** In the part's order; rows that were never measured are left out. */
  of(part: Part): Kept[] {
    const kept = this.#parts[part.name] ?? {};
    return part.rows.flatMap((name) => kept[name] ?? []);
  }
}
