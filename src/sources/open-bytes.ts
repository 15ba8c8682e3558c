import { constants, createReadStream, openSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { ByteSource } from './byte-source.ts';
import { FileBytes } from './file-bytes.ts';
import { gunzipped, isGzip } from './gunzip.ts';
import { StreamBytes } from './stream-bytes.ts';

/** The name that stands for standard input. */
export const STDIN = '-';

/**
 * Opens a file by its name, or standard input; what is compressed is decompressed.
 * @param chunkBytes read at once
 * @param closed ends it, also while nothing has come yet
 */
export async function openBytes(
  name: string,
  chunkBytes: number,
  closed: AbortSignal,
): Promise<ByteSource> {
  if (name === STDIN) return fromStream(standardInput(), undefined, closed);
  if ((await stat(name)).isFIFO()) return fromStream(pipe(name), undefined, closed);
  const file = await open(name);
  try {
    const about = await file.stat();
    if (about.isFile() && !(await isCompressed(file)))
      return new FileBytes(file, about.size, chunkBytes);
    const stream = createReadStream(name, { fd: file, highWaterMark: PIECE });
    return await fromStream(stream, about.isFile() ? about.size : undefined, closed);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function standardInput(): Readable {
  const { stdin } = process;
  if (stdin.isTTY)
    throw new Error('it is a terminal, where a capture should come from a pipe or file');
  return stdin;
}

/** A named pipe. As a file it would be waited for in a thread, which nothing could end, until somebody writes. */
function pipe(name: string): Readable {
  const fd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

/** Of streams; zlib is fed less at once. */
const PIECE = 65_536;

async function isCompressed(file: FileHandle): Promise<boolean> {
  const start = new Uint8Array(2);
  const { bytesRead } = await file.read(start, 0, 2, 0);
  return bytesRead === 2 && isGzip(start[0]!, start[1]!);
}

async function fromStream(
  stream: Readable,
  size: number | undefined,
  closed: AbortSignal,
): Promise<ByteSource> {
  closed.addEventListener('abort', () => stream.destroy());
  let taken = 0;
  const all: AsyncIterable<Uint8Array> = stream;
  const chunks: AsyncIterator<Uint8Array, unknown> = all[Symbol.asyncIterator]();
  let start = new Uint8Array(0);
  while (start.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = new Uint8Array(Buffer.concat([start, next.value]));
  }
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (let chunk = start; ; ) {
      taken += chunk.length;
      yield chunk;
      const next = await chunks.next();
      if (next.done === true) return;
      // a plain array, as those of files are: the decoder then meets one kind
      const { buffer, byteOffset, length } = next.value;
      chunk = new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
    }
  }
  const isPacked = start.length >= 2 && isGzip(start[0]!, start[1]!);
  return new StreamBytes({
    chunks: isPacked ? gunzipped(counted()) : counted(),
    size,
    taken: () => taken,
    close: () => Promise.resolve(void stream.destroy()),
  });
}
