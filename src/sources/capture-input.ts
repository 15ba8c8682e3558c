import { ByteWindow } from '../packet/byte-window.ts';
import { type CaptureReader, captureReader, MAGIC_BYTES } from '../packet/capture.ts';
import { CapturedPacket } from '../packet/captured-packet.ts';
import { CaptureFault } from '../packet/capture-fault.ts';
import type { ByteSource } from './byte-source.ts';
import { openBytes, STDIN } from './open-bytes.ts';

/** Says of most packets at a glance that nobody is to be told of them. */
export interface Screen {
  passes(bytes: Uint8Array, packet: CapturedPacket): boolean;
}

/** One capture file, packet by packet. */
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
  readonly #screen: Screen | undefined;
  readonly #closed = new AbortController();
  #source: ByteSource | undefined;
  #reader: CaptureReader | undefined;

  /**
   * @param path a file, or `-` for standard input
   * @param chunkBytes read at once
   * @param screen leaves packets out; undefined: none
   */
  constructor(path: string, chunkBytes: number, screen?: Screen) {
    this.name = path === STDIN ? 'standard input' : path;
    this.#path = path;
    this.#chunkBytes = chunkBytes;
    this.#screen = screen;
  }

  /** The packet at hand, which lies in the window's bytes; before the first and behind the last one, where that was. */
  get packet(): CapturedPacket {
    return this.#reader?.packet ?? NO_PACKET;
  }

  /** Whether it is one, with packets or without. */
  get isCapture(): boolean {
    return this.#reader !== undefined;
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
        this.fault = this.window.left === 0 ? 'it is empty' : 'it is no capture file';
        return false;
      }
    } catch (error) {
      this.fault = reasonOf(error);
      return false;
    }
    this.#reader = captureReader(this.window);
    if (!this.#reader) {
      this.fault =
        'it is no capture file: pcap and pcapng are read, as they are or compressed by gzip';
      return false;
    }
    return true;
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
      if (await this.#source!.next(this.window)) return true;
      this.#end();
    } catch (error) {
      this.fault = `${reasonOf(error)}, ${this.#place(this.window.offset)}`;
    }
    return false;
  }

  /** Also while it is being opened. */
  close(): Promise<void> {
    this.#closed.abort();
    return this.#source?.close() ?? Promise.resolve();
  }

  /** It is clean when it ends between two packets. */
  #end(): void {
    const { window } = this;
    if (window.left === 0 && window.debt === 0) return;
    const { debt, offset } = window;
    const end = `it is cut off at byte ${offset - debt + window.left}, within`;
    this.fault =
      debt > 0
        ? `${end} a block that has ${debt} bytes more, ${this.#place()}`
        : `${end} what begins ${this.#place(offset)}`;
  }

  #place(offset?: number): string {
    const { number } = this.#reader!.packet;
    const packet = number === 0 ? 'before the first packet' : `after packet ${number}`;
    return offset === undefined ? packet : `at byte ${offset}, ${packet}`;
  }
}

const NO_PACKET = new CapturedPacket();

/** What stops many files at once. */
export const TOO_MANY = 'too many open files: read fewer at once, or raise `ulimit -n`';

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
