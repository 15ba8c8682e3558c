import type { CaptureInput } from '../sources/capture-input.ts';

/** What takes no longer is not worth a bar; drawn again so often. */
const FIRST_MS = 1000;
const EVERY_MS = 200;
const BAR = 24;

/** How far a long read has come, in one line of a terminal that is drawn over again and again. */
export class Progress {
  readonly #write: (text: string) => void;
  readonly #shared: boolean;
  readonly #startMs: number;
  readonly #nowMs: () => number;
  #nextMs: number;
  #shown = false;
  #begun = false;

  /**
   * @param write puts text on the terminal
   * @param shared whether lines go to the same terminal
   * @param nowMs a clock, milliseconds
   */
  constructor(
    write: (text: string) => void,
    shared: boolean,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#write = write;
    this.#shared = shared;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    this.#nextMs = this.#startMs + FIRST_MS;
  }

  /** Draws it, unless it was drawn a moment ago and is still there. */
  show(inputs: readonly Pick<CaptureInput, 'taken' | 'size'>[]): void {
    const nowMs = this.#nowMs();
    if (nowMs < this.#nextMs && (this.#shown || !this.#begun)) return;
    this.#begun = true;
    this.#nextMs = nowMs + EVERY_MS;
    let taken = 0;
    let size: number | undefined = 0;
    for (const input of inputs) {
      taken += input.taken;
      size = size === undefined || input.size === undefined ? undefined : size + input.size;
    }
    this.#shown = true;
    this.#write(`\r${progressLine(taken, size, (nowMs - this.#startMs) / 1000)}\x1b[K`);
  }

  /** Takes it away before lines, which may go to the same terminal. */
  beforeLines(): void {
    if (this.#shared) this.clear();
  }

  /** Takes it away before anything else is written there. */
  clear(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#write('\r\x1b[K');
  }
}

/** `[#####     ]  42 %  1.2 of 2.9 GB  410 MB/s  4 s left`. @param size undefined: not known */
export function progressLine(taken: number, size: number | undefined, seconds: number): string {
  const rate = taken / seconds;
  const speed = `${(rate / 1e6).toFixed(0)} MB/s`;
  if (size === undefined || size < taken) return `${gigabytes(taken)} GB  ${speed}`;
  const share = taken / Math.max(1, size);
  const done = '#'.repeat(Math.round(share * BAR)).padEnd(BAR);
  const left = rate > 0 ? `  ${Math.ceil((size - taken) / rate)} s left` : '';
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${done}] ${percent} %  ${gigabytes(taken)} of ${gigabytes(size)} GB  ${speed}${left}`;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
