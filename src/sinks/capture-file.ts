import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { OperatorError } from '../model/errors.ts';
import { ByteWindow } from '../packet/byte-window.ts';
import { captureReader, MAGIC_BYTES } from '../packet/capture.ts';
import { MOST_CAPTURED } from '../packet/capture-fault.ts';
import type { CaptureWriter } from '../packet/capture-writer.ts';
import type { CapturedPacket } from '../packet/captured-packet.ts';
import { linkTypeText } from '../packet/link-type.ts';
import { PcapWriter } from '../packet/pcap-writer.ts';
import { PcapngWriter } from '../packet/pcapng-writer.ts';
import { descriptor, Output, standardOutput } from './output.ts';

/** Standard output, as a path. */
const STDOUT = '-';
/** Ethernet, of a capture that nothing is known of. */
const ETHERNET = 1;
/** Read at once when the file is written anew, with room in front of it for what is left of the chunk before. */
const CHUNK = 1_048_576;

/**
 * A capture file that is written, from its first packet on: pcap with nanoseconds, and as soon as there are packets of a second link type pcapng,
 * which alone can hold them; then what there is of it is written anew.
 */
export class CaptureFile {
  /** As the operator knows it. */
  readonly name: string;
  /** Packets written. */
  packets = 0;
  readonly #path: string;
  #fd = -1;
  #output: Output | undefined;
  #writer: CaptureWriter | undefined;
  #snapLength = 0;

  /** @param path `-` is standard output */
  constructor(path: string) {
    this.#path = path;
    this.name = path === STDOUT ? 'standard output' : path;
  }

  /** Its reader doesn't keep up. */
  get backlogged(): boolean {
    return this.#output?.backlogged ?? false;
  }

  /** Everything is out of this process's hands. */
  get isWritten(): boolean {
    const { made, written } = this.#output?.progress() ?? { made: 0, written: 0 };
    return written >= made;
  }

  /**
   * Makes the file, or empties it, unless that is done. Throws OperatorError.
   * @param snapLength most bytes that were captured of one; 0: not known
   */
  begin(linkType: number, snapLength: number): void {
    if (this.#writer) return;
    this.#output =
      this.#path === STDOUT ? new Output({ target: standardOutput() }) : this.#make(this.#path);
    const isKnown = snapLength > 0 && snapLength <= MOST_CAPTURED;
    this.#snapLength = isKnown ? snapLength : MOST_CAPTURED;
    this.#start(new PcapWriter(linkType, this.#snapLength));
  }

  /** Writes a packet that lies in `bytes`. Throws OperatorError. */
  packet(bytes: Uint8Array, packet: CapturedPacket): void {
    if (!this.#writer!.holds(packet.linkType)) this.#writeAnew(packet.linkType);
    this.#put(bytes, packet);
    this.packets++;
  }

  flush(): void {
    this.#output?.flush();
  }

  /** A file without packets has a header all the same. */
  end(): void {
    this.begin(ETHERNET, 0);
    this.flush();
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #make(path: string): Output {
    try {
      this.#fd = openSync(path, 'w');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new OperatorError(`cannot write ${path}: ${code}`, MENDS[code] ?? 'check the path', {
        cause: error,
      });
    }
    return new Output({ target: descriptor(this.#fd, path) });
  }

  #start(writer: CaptureWriter): void {
    this.#writer = writer;
    const output = this.#output!;
    if (output.reserve(writer.overhead)) output.commit(writer.begin(output.bytes, output.pos));
  }

  #put(bytes: Uint8Array, packet: CapturedPacket): void {
    const output = this.#output!;
    const writer = this.#writer!;
    if (!output.reserve(writer.overhead + packet.captured))
      output.flush(); // throws what is wrong
    else output.commit(writer.packet(output.bytes, output.pos, bytes, packet));
  }

  /** Goes on in pcapng, beginning with the packets that there are. */
  #writeAnew(linkType: number): void {
    this.flush();
    if (this.#fd < 0 || !fstatSync(this.#fd).isFile())
      throw new OperatorError(
        `${this.name} has got a pcap file, which can't hold packets of link type ${linkTypeText(linkType)} as well`,
        'write to a file, or read captures of one link type',
      );
    const path = `${this.#path}.new`;
    const before = openSync(this.#path, 'r');
    this.close();
    try {
      this.#output = this.#make(path);
      this.#start(new PcapngWriter());
      this.#copy(before);
      renameSync(path, this.#path);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(before);
    }
  }

  #copy(fd: number): void {
    const window = new ByteWindow();
    const buffers = [new Uint8Array(2 * CHUNK), new Uint8Array(2 * CHUNK)];
    let reader: ReturnType<typeof captureReader>;
    for (let turn = 0; ; turn ^= 1) {
      const buffer = buffers[turn]!;
      const count = readSync(fd, buffer, CHUNK, CHUNK, null);
      if (count === 0) return;
      window.take(buffer, CHUNK, CHUNK + count);
      if (window.left < MAGIC_BYTES) continue;
      reader ??= captureReader(window)!;
      while (reader.next(window)) this.#put(window.bytes, reader.packet);
      this.flush();
    }
  }
}

const MENDS: Readonly<Record<string, string>> = {
  ENOENT: 'make its directory first',
  EACCES: 'run as a user who may write there',
  EISDIR: 'name a file in it',
  ENOSPC: 'free space there, or name a file elsewhere',
  EROFS: 'name a file elsewhere',
  EMFILE: 'raise the limit of open files (ulimit -n)',
};
