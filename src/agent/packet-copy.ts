import { fstatSync, type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Filter } from '../filter/filter.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import type { CapturedPacket } from '../packet/captured-packet.ts';
import type { Decoder } from '../packet/decoder.ts';
import { CaptureFile } from '../sinks/capture-file.ts';
import { PacketFilter } from '../sources/packet-filter.ts';

/** `read --write`: the packets that pass the filter, as they are, in a file of their own. */
export class PacketCopy {
  readonly file: CaptureFile;
  readonly #path: string;
  readonly #filter: PacketFilter | undefined;

  constructor(path: string, filter: Filter | undefined) {
    this.#path = path;
    this.file = new CaptureFile(path);
    this.#filter = filter && new PacketFilter(filter);
  }

  /** Throws OperatorError when the file is one of the inputs. */
  check(inputs: readonly string[]): void {
    if (this.#path === STDIN_OUT || !inputs.some((input) => isSame(this.#path, input))) return;
    throw new OperatorError(`--write ${this.#path} is one of the inputs`, 'name another file', {
      exitCode: Exit.usage,
    });
  }

  /** Takes the packet that the decoder has at hand. @param snapLength of all inputs; 0: not known */
  take(bytes: Uint8Array, packet: CapturedPacket, decoder: Decoder, snapLength: number): void {
    if (decoder.leftOut || this.#filter?.passes(decoder) === false) return;
    this.file.begin(packet.linkType, snapLength);
    this.file.packet(bytes, packet);
  }

  /** What the operator is told at the end. @param all packets that were read */
  note(all: number): string {
    const { packets, name } = this.file;
    return `${packets} of ${all} packet${all === 1 ? '' : 's'} written to ${name}`;
  }
}

/** Standard input, or standard output. */
const STDIN_OUT = '-';

/** Also by another name, and if it isn't there yet. */
function isSame(path: string, input: string): boolean {
  if (input !== STDIN_OUT && resolve(path) === resolve(input)) return true;
  const a = statSync(path, { throwIfNoEntry: false });
  if (a?.isFile() !== true) return false;
  const b = statOf(input);
  return b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** Undefined: nothing is there. */
function statOf(input: string): Stats | undefined {
  if (input !== STDIN_OUT) return statSync(input, { throwIfNoEntry: false });
  try {
    return fstatSync(0);
  } catch {
    return undefined; // closed
  }
}
