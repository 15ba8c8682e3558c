/** Most characters of any text but a request's target; as many as a host name or an ALPN name can have. */
export const TEXT_MAX = 255;

/**
 * Bytes as text, one character for each (U+0000 to U+00FF), the way metadata.ts wants it.
 * @param most bytes, a few thousand at most; what is longer is cut there
 */
export function byteText(
  bytes: Uint8Array,
  from: number,
  to: number,
  most: number = TEXT_MAX,
): string {
  const end = Math.min(to, from + most);
  // one flat string: put together from characters, V8 would keep an object for each of them
  return String.fromCharCode.apply(null, bytes.subarray(from, end) as unknown as number[]);
}
