import type { ByteWindow } from '../packet/byte-window.ts';
import type { CaptureReader } from '../packet/capture.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { isJson, JsonLines } from './json-lines.ts';
import type { LogNames } from './log-names.ts';
import { isProcTable, ProcFile } from './proc-file.ts';

/** Reads records out of a text that is no capture. `packet` has but the time of what is at hand. */
export interface RecordReader extends CaptureReader {
  /** The records at hand. */
  readonly records: RecordWriter;
  /** Of whom they tell, where that is known. */
  readonly host: string | undefined;
  /** What is the matter with the input as a whole, once it is over; undefined: nothing is. */
  readonly fault: string | undefined;
  /** Lines that tell nothing, for a note to the operator. */
  readonly strange: number;
  /** Nothing more comes: `next` gives what is left. */
  end(): void;
}

export interface RecordReaderOptions {
  /** When the file was written last, seconds since 1970: what has no times of its own is of then. */
  readonly modified: number;
  /** Gets the names that lines have of interfaces, containers and hosts. */
  readonly names: LogNames;
}

/** The reader of what begins in a window of at least MAGIC_BYTES; undefined: it is none of these. */
export function recordReader(
  window: ByteWindow,
  { modified, names }: RecordReaderOptions,
): RecordReader | undefined {
  const { bytes, pos, end } = window;
  if (isProcTable(bytes, pos)) return new ProcFile(modified);
  return isJson(bytes, pos, end) ? new JsonLines(names) : undefined;
}
