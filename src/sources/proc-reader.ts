import { closeSync, openSync, readSync } from 'node:fs';
import { newRow, parseRows, type ProcRow } from './proc-rows.ts';

/**
 * Reads tables of sockets from files, a piece at a time: /proc hands out about 4 KiB per read, and a table of a
 * million sockets is never in memory as text.
 */
export class ProcReader {
  /** Lines that were no rows, so far. */
  malformed = 0;
  readonly #buffer: Uint8Array = new Uint8Array(64 << 10);
  readonly #row: ProcRow = newRow();

  /**
   * Calls `onRow` for each row of the file, always with the same object.
   * @throws the system's error when the file can't be opened or read
   */
  read(path: string, onRow: (row: ProcRow) => void): void {
    const fd = openSync(path, 'r');
    try {
      this.#readAll(fd, onRow);
    } finally {
      closeSync(fd);
    }
  }

  /** Reads a little of the file. @throws the system's error when that can't be done */
  check(path: string): void {
    const fd = openSync(path, 'r');
    try {
      readSync(fd, this.#buffer, 0, 1, null);
    } finally {
      closeSync(fd);
    }
  }

  #readAll(fd: number, onRow: (row: ProcRow) => void): void {
    const buffer = this.#buffer;
    const onMalformed = (): void => {
      this.malformed++;
    };
    let held = 0;
    for (;;) {
      const got = readSync(fd, buffer, held, buffer.length - held - 1, null);
      if (got === 0) break;
      held += got;
      const consumed = parseRows(buffer, held, this.#row, onRow, onMalformed);
      if (consumed > 0) {
        buffer.copyWithin(0, consumed, held);
        held -= consumed;
      } else if (held === buffer.length - 1) {
        held = 1; // no row is that long: keep a byte that makes its end malformed, too
        buffer[0] = NO_ROW;
      }
    }
    if (held === 0) return;
    buffer[held] = NEWLINE; // a saved file may lack the last one; a row cut off lacks fields
    parseRows(buffer, held + 1, this.#row, onRow, onMalformed);
  }
}

const NEWLINE = 0x0a;
const NO_ROW = 0x3f;
