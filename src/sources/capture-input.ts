import { fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ByteWindow } from '../packet/byte-window.ts';
import { type CaptureReader, captureReader, MAGIC_BYTES } from '../packet/capture.ts';
import { CapturedPacket } from '../packet/captured-packet.ts';
import { CaptureFault } from '../packet/capture-fault.ts';
import type { ByteSource } from './byte-source.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { LogNames } from './log-names.ts';
import { openBytes, STDIN } from './open-bytes.ts';
import { type RecordReader, recordReader } from './record-reader.ts';

/** Says of most packets at a glance that nobody is to be told of them. */
export interface Screen {
  passes(bytes: Uint8Array, packet: CapturedPacket): boolean;
}

export interface CaptureInputOptions {
  /** Leaves packets out; undefined: none. */
  readonly screen?: Screen | undefined;
  /** Gets the names that logs have. */
  readonly names?: LogNames;
}

/** One input: a capture file, packet by packet, or a text that has records. */
export class CaptureInput {
  /** As the operator knows it. */
  readonly name: string;
  readonly window: ByteWindow = new ByteWindow();
  /** Why not all of it was read, once that is known: what and where, for a line to the operator. */
  fault: string | undefined;
  /** Whether `next` has found one. */
  hasPackets = false;
  readonly #path: string;
  readonly #chunkBytes: number;
  #screen: Screen | undefined;
  readonly #names: LogNames;
  readonly #closed = new AbortController();
  #source: ByteSource | undefined;
  #reader: CaptureReader | undefined;
  #recordReader: RecordReader | undefined;
  /** Of a text: nothing more comes, and why not, if not by its end. */
  #isOver = false;
  #cut: string | undefined;

  /**
   * @param path a file, or `-` for standard input
   * @param chunkBytes read at once
   */
  constructor(path: string, chunkBytes: number, options: CaptureInputOptions = {}) {
    this.name = path === STDIN ? 'standard input' : path;
    this.#path = path;
    this.#chunkBytes = chunkBytes;
    this.#screen = options.screen;
    this.#names = options.names ?? new LogNames();
  }

  /** The packet at hand, which lies in the window's bytes; before the first and behind the last one, where that was. */
  get packet(): CapturedPacket {
    return this.#reader?.packet ?? NO_PACKET;
  }

  /** Whether it is a capture file, with packets or without. */
  get isCapture(): boolean {
    return this.#reader !== undefined && this.#recordReader === undefined;
  }

  /** The records at hand; undefined: it has packets. */
  get records(): RecordWriter | undefined {
    return this.#recordReader?.records;
  }

  /** Of whom they tell, where that is known. */
  get host(): string | undefined {
    return this.#recordReader?.host;
  }

  /** Lines of a text that tell nothing. */
  get strange(): number {
    return this.#recordReader?.strange ?? 0;
  }

  /** Bytes read. */
  get taken(): number {
    return this.#source?.taken ?? 0;
  }

  /** How many there are; undefined: that isn't known. */
  get size(): number | undefined {
    return this.#source?.size;
  }

  /** Opens it; false: it is no capture. */
  async start(): Promise<boolean> {
    try {
      this.#source = await openBytes(this.#path, this.#chunkBytes, this.#closed.signal);
      while (this.window.left < MAGIC_BYTES) {
        if (await this.#source.next(this.window)) continue;
        this.fault = this.window.left === 0 ? 'it is empty' : NOTHING_KNOWN;
        return false;
      }
    } catch (error) {
      this.fault = reasonOf(error);
      return false;
    }
    this.#reader = captureReader(this.window) ?? (await this.#textReader());
    if (!this.#reader) this.fault = NOTHING_KNOWN;
    return this.#reader !== undefined;
  }

  /** Goes to the next packet that doesn't pass the screen; false: `more` must be asked. */
  next(): boolean {
    if (this.fault !== undefined) return false;
    const { window } = this;
    const reader = this.#reader!;
    const screen = this.#screen;
    try {
      while (reader.next(window)) {
        if (screen?.passes(window.bytes, reader.packet) === true) continue;
        this.hasPackets = true;
        return true;
      }
      return false;
    } catch (error) {
      if (!(error instanceof CaptureFault)) throw error;
      this.fault = `${error.message}, ${this.#place(error.offset)}`;
      return false;
    }
  }

  /** Reads on, a chunk of it; false: nothing comes any more. Then `next` may be asked again. */
  async more(): Promise<boolean> {
    if (this.fault !== undefined) return false;
    try {
      return (await this.#source!.next(this.window)) || this.#end();
    } catch (error) {
      return this.#end(`${reasonOf(error)}, ${this.#place(this.window.offset)}`);
    }
  }

  /** Also while it is being opened. */
  close(): Promise<void> {
    this.#closed.abort();
    return this.#source?.close() ?? Promise.resolve();
  }

  async #textReader(): Promise<CaptureReader | undefined> {
    const modified = await modifiedAt(this.#path);
    this.#recordReader = recordReader(this.window, { modified, names: this.#names });
    this.#screen = undefined;
    return this.#recordReader;
  }

  /** Nothing more comes. Of a text something may be left: then `next` may be asked again. */
  #end(fault?: string): boolean {
    const text = this.#recordReader;
    if (!text) this.fault = fault ?? this.#cutOff();
    else if (this.#isOver) this.fault = this.#cut ?? text.fault;
    else {
      this.#isOver = true;
      this.#cut = fault;
      text.end();
      return true;
    }
    return false;
  }

  /** A capture is clean when it ends between two packets. */
  #cutOff(): string | undefined {
    const { left, debt, offset } = this.window;
    if (left === 0 && debt === 0) return undefined;
    const end = `it is cut off at byte ${offset - debt + left}, within`;
    return debt > 0
      ? `${end} a block that has ${debt} bytes more, ${this.#place()}`
      : `${end} what begins ${this.#place(offset)}`;
  }

  #place(offset?: number): string {
    if (this.#recordReader) return `at byte ${offset}`;
    const { number } = this.#reader!.packet;
    const packet = number === 0 ? 'before the first packet' : `after packet ${number}`;
    return offset === undefined ? packet : `at byte ${offset}, ${packet}`;
  }
}

const NO_PACKET = new CapturedPacket();

/** What stops many files at once. */
export const TOO_MANY = 'too many open files: read fewer at once, or raise `ulimit -n`';

/** Seconds since 1970. What comes by a pipe is of now. */
async function modifiedAt(path: string): Promise<number> {
  const found = path === STDIN ? fstatSync(0) : await stat(path);
  return (found.isFile() ? found.mtimeMs : Date.now()) / 1000;
}

const NOTHING_KNOWN =
  'it is no capture file: pcap, pcapng, tables like /proc/net/tcp and JSON lines are read, as they are or compressed by gzip';

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? error.message;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'it is a directory',
  EMFILE: TOO_MANY,
  Z_DATA_ERROR: 'its gzip data is damaged',
  Z_BUF_ERROR: 'its gzip data is cut off',
};
