import type { ByteWindow } from '../packet/byte-window.ts';
import { CapturedPacket } from '../packet/captured-packet.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { fieldsOf } from './json-fields.ts';
import { JsonRecords } from './json-records.ts';
import type { LogNames } from './log-names.ts';
import type { RecordReader } from './record-reader.ts';
import { TextLines } from './text-lines.ts';

/** Whether JSON objects begin here, also behind a byte order mark. */
export function isJson(bytes: Uint8Array, at: number, end: number): boolean {
  let from = at;
  while (from < end && BLANK.has(bytes[from]!)) from++;
  return from < end && bytes[from] === BRACE;
}

/** Our own JSON lines, also as other programs write them: `connection.*` events become records again. */
export class JsonLines implements RecordReader {
  readonly packet: CapturedPacket = new CapturedPacket();
  readonly records: RecordWriter = new RecordWriter();
  readonly #lines: TextLines = new TextLines();
  readonly #events: JsonRecords;
  readonly #decoder = new TextDecoder();
  #strange = 0;
  #told = false;
  #isOver = false;

  constructor(names: LogNames) {
    this.#events = new JsonRecords(this.records, this.packet, names);
  }

  get strange(): number {
    return this.#strange + this.#lines.tooLong;
  }

  get host(): string | undefined {
    return this.#events.host;
  }

  /** Events of other kinds don't count: they are no mistake. */
  get fault(): string | undefined {
    return this.#told || this.strange === 0
      ? undefined
      : 'none of its lines is an event as `packetwatch watch -o json` writes it';
  }

  next(window: ByteWindow): boolean {
    this.records.clear();
    while (this.#lines.next(window)) if (this.#line(window.bytes)) return true;
    return this.#isOver && this.#lines.last(window) && this.#line(window.bytes);
  }

  end(): void {
    this.#isOver = true;
  }

  /** Makes records of the line at hand; false: it has none. */
  #line(bytes: Uint8Array): boolean {
    const text = this.#decoder.decode(bytes.subarray(this.#lines.at, this.#lines.end)).trim();
    if (text === '') return false;
    const found = this.#events.take(objectOf(text));
    if (found === 'strange') this.#strange++;
    else this.#told = true;
    return found === 'records';
  }
}

function objectOf(text: string): ReturnType<typeof fieldsOf> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const BRACE = 0x7b;
/** White space, and the bytes of a byte order mark. */
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
