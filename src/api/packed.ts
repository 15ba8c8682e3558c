import { gzipSync } from 'node:zlib';
import type { Context } from 'hono';

/** What is always the same, as it is sent. */
export interface Packed {
  readonly bytes: Buffer;
  /** The same, gzipped, where that is less. */
  readonly zipped: Buffer | undefined;
}

export function packed(bytes: Buffer): Packed {
  const zipped = gzipSync(bytes, { level: 9 });
  return { bytes, zipped: zipped.length < bytes.length ? zipped : undefined };
}

/** Answers with it, in the form that the client takes. */
export function send(
  c: Context,
  { bytes, zipped }: Packed,
  headers: Readonly<Record<string, string>>,
): Response {
  const isTaken = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
  const body = new Uint8Array(isTaken && zipped ? zipped : bytes);
  const encoding = isTaken && zipped ? { 'Content-Encoding': 'gzip' } : {};
  return c.body(body, 200, { ...headers, Vary: 'Accept-Encoding', ...encoding });
}
