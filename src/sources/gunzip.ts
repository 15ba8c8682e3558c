import { createGunzip } from 'node:zlib';

/**
 * What is handed to zlib at once. It makes at most 1,032 times as much of it (zlib.net/zlib_tech.html), and all of that
 * may wait here, so this bounds what a decompression bomb can fill.
 */
const INPUT_BYTES = 16_384;
const OUTPUT_BYTES = 65_536;

/** Does a file that begins with these two bytes hold gzip members (RFC 1952)? */
export function isGzip(first: number, second: number): boolean {
  return first === 0x1f && second === 0x8b;
}

/**
 * The bytes that gzip members hold, as many as come one after the other. Of a file that is cut everything before the
 * cut is handed on, and then the error; of one that is damaged everything but the last 64 KiB before the damage. A
 * stream's own iterator would lose what it has in hand.
 */
export async function* gunzipped(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: OUTPUT_BYTES });
  let made: Uint8Array[] = [];
  let failure: Error | undefined;
  let over = false;
  gunzip.on('data', (chunk: Buffer) => made.push(chunk));
  let wake = (): void => {};
  const end = (error?: Error): void => {
    over = true;
    failure = error;
    wake();
  };
  gunzip.on('end', () => end()).on('error', end);
  /** Resolves when zlib has taken what `step` gave it, or has ended. */
  const until = (step: (done: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      step(resolve);
    });
  try {
    for await (const chunk of input) {
      for (let at = 0; at < chunk.length && !over; at += INPUT_BYTES) {
        const piece = chunk.subarray(at, at + INPUT_BYTES);
        await until((done) => gunzip.write(piece, () => done()));
        const ready = made;
        made = [];
        yield* ready;
      }
      if (over) break; // what follows the last member is none
    }
    if (!over) await until(() => gunzip.end());
    yield* made;
    if (failure) throw failure;
  } finally {
    gunzip.destroy();
  }
}
