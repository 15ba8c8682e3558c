import type { ByteWindow } from '../packet/byte-window.ts';
import { CapturedPacket } from '../packet/captured-packet.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { recordNs } from './capture-records.ts';
import { newRow, parseRows, type ProcRow } from './proc-rows.ts';
import { ProcTable } from './proc-table.ts';
import type { RecordReader } from './record-reader.ts';
import { TextLines } from './text-lines.ts';

/** As of the live source. */
const MAX_CONNECTIONS = 1_000_000;
/** Records handed on at once. */
const BATCH_RECORDS = 430;

/** Whether a table of sockets begins here: `  sl  local_address ...`, as the kernel prints it. */
export function isProcTable(bytes: Uint8Array, at: number): boolean {
  let from = at;
  while (from < at + 2 && bytes[from] === SPACE) from++;
  return bytes[from] === 0x73 && bytes[from + 1] === 0x6c; // sl
}

/**
 * Saved tables of sockets, as proc_pid_net(5) has them: each connection in them is an attempt, and what opens and ends
 * is seen by comparing one table with the next. tcp and tcp6 are one table together; the same header again begins the
 * next one. They don't tell when they were taken.
 */
export class ProcFile implements RecordReader {
  readonly packet: CapturedPacket = new CapturedPacket();
  readonly records: RecordWriter = new RecordWriter(64 << 10);
  readonly fault = undefined;
  readonly host = undefined;
  readonly #lines: TextLines = new TextLines();
  readonly #row: ProcRow = newRow();
  readonly #table: ProcTable = new ProcTable(this.records, MAX_CONNECTIONS, false);
  /** The headers of the table at hand, by their text. */
  readonly #headers: Set<string> = new Set();
  readonly #decoder = new TextDecoder();
  readonly #nowNs: number;
  /** What is left to tell of a table that is over. */
  #telling: Generator<void, void, void> | undefined;
  /** Nothing more comes; the last table was not told yet. */
  #isOver = false;
  #isOpen = true;
  #malformed = 0;

  /** @param modified seconds since 1970 */
  constructor(modified: number) {
    this.packet.seconds = Math.max(0, Math.floor(modified));
    this.#nowNs = recordNs(this.packet.seconds, 0);
    this.#table.begin(this.#nowNs);
  }

  get strange(): number {
    return this.#malformed + this.#lines.tooLong;
  }

  next(window: ByteWindow): boolean {
    this.records.clear();
    if (this.#telling) {
      if (this.#tell()) return true;
      this.#table.begin(this.#nowNs);
    }
    while (this.#lines.next(window)) {
      const line = window.bytes.subarray(this.#lines.at, this.#lines.end + 1);
      if (!this.#isNextTable(line)) parseRows(line, line.length, this.#row, this.#see, this.#count);
      else if (this.#tellAll()) return true;
    }
    return this.#isOver && this.#isOpen && this.#last(window);
  }

  end(): void {
    this.#isOver = true;
  }

  /** A last line without its end, and the table that is at hand. */
  #last(window: ByteWindow): boolean {
    this.#isOpen = false;
    if (this.#lines.last(window)) {
      const { at, end } = this.#lines;
      const line = new Uint8Array(end - at + 1).fill(NEWLINE);
      line.set(window.bytes.subarray(at, end));
      parseRows(line, line.length, this.#row, this.#see, this.#count);
    }
    return this.#tellAll();
  }

  readonly #see = (row: ProcRow): void => this.#table.see(row);
  readonly #count = (): void => {
    this.#malformed++;
  };

  /** Is it a header that the table at hand had before? */
  #isNextTable(line: Uint8Array): boolean {
    if (!isProcTable(line, 0)) return false;
    const header = this.#decoder.decode(line.subarray(0, HEADER));
    const again = this.#headers.has(header) || this.#headers.size === MOST_HEADERS;
    if (again) this.#headers.clear();
    this.#headers.add(header);
    return again;
  }

  /** Begins to tell of the table that is over; false: there is nothing to tell. */
  #tellAll(): boolean {
    this.#telling = this.#table.settle(BATCH_RECORDS);
    if (this.#tell()) return true;
    this.#table.begin(this.#nowNs);
    return false;
  }

  /** Goes on with that; false: all was told. */
  #tell(): boolean {
    if (this.#telling?.next().done === true) this.#telling = undefined;
    return this.records.count > 0;
  }
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
/** What tells tcp's from tcp6's, and more. */
const HEADER = 80;
/** Of one table: more than there are families and protocols. */
const MOST_HEADERS = 8;
