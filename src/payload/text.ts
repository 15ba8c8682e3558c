/** Most characters of any text but a request's target; as many as a host name or an ALPN name can have. */
export const TEXT_MAX = 255;

/**
 * Bytes as text, one character for each (U+0000 to U+00FF), the way metadata.ts wants it.
 * @param most bytes; what is longer is cut there
 */
export function byteText(
  bytes: Uint8Array,
  from: number,
  to: number,
  most: number = TEXT_MAX,
): string {
  const end = Math.min(to, from + most);
  let text = '';
  for (let i = from; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
