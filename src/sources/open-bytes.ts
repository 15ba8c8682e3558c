import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from './byte-source.ts';
import { FileBytes } from './file-bytes.ts';
import { gunzipped, isGzip } from './gunzip.ts';
import { StreamBytes } from './stream-bytes.ts';

/** The name that stands for standard input. */
export const STDIN = '-';

/** Opens a file by its name, or standard input; what is compressed is decompressed. @param chunkBytes read at once */
export async function openBytes(name: string, chunkBytes: number): Promise<ByteSource> {
  if (name === STDIN) return openStdin();
  const file = await open(name);
  try {
    const stat = await file.stat();
    if (stat.isFile() && !(await isCompressed(file)))
      return new FileBytes(file, stat.size, chunkBytes);
    const stream = createReadStream(name, { fd: file, autoClose: false, highWaterMark: PIECE });
    return await fromStream(stream, stat.isFile() ? stat.size : undefined, () => file.close());
  } catch (error) {
    await file.close();
    throw error;
  }
}

function openStdin(): Promise<ByteSource> {
  const { stdin } = process;
  if (stdin.isTTY)
    throw new Error('it is a terminal, where a capture should come from a pipe or file');
  return fromStream(stdin, undefined, () => {
    stdin.destroy();
    return Promise.resolve();
  });
}

/** Of streams; zlib is fed less at once. */
const PIECE = 65_536;

async function isCompressed(file: FileHandle): Promise<boolean> {
  const start = new Uint8Array(2);
  const { bytesRead } = await file.read(start, 0, 2, 0);
  return bytesRead === 2 && isGzip(start[0]!, start[1]!);
}

async function fromStream(
  stream: AsyncIterable<Uint8Array>,
  size: number | undefined,
  close: () => Promise<void>,
): Promise<ByteSource> {
  let taken = 0;
  const chunks: AsyncIterator<Uint8Array, unknown> = stream[Symbol.asyncIterator]();
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
  const all = start.length >= 2 && isGzip(start[0]!, start[1]!) ? gunzipped(counted()) : counted();
  return new StreamBytes({ chunks: all, size, taken: () => taken, close });
}
