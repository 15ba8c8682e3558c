import type { Metadata } from '../model/metadata.ts';
import { Reading, someMore } from './reading.ts';
import { byteText } from './text.ts';

/** With the end of the line (RFC 4253 4.2). */
const BANNER_MAX = 255;
const LF = 10;
const CR = 13;
const PREFIX = [0x53, 0x53, 0x48, 0x2d]; // SSH-

/** Reads the identification string that either side begins with. */
export function readSshBanner(
  into: Metadata,
  fromOriginator: boolean,
  bytes: Uint8Array,
  from: number,
  to: number,
  last: boolean,
): number {
  const length = to - from;
  for (let i = 0; i < PREFIX.length && i < length; i++)
    if (bytes[from + i] !== PREFIX[i]) return Reading.unlike;
  if (length < PREFIX.length) return last ? Reading.unlike : PREFIX.length;
  const end = Math.min(to, from + BANNER_MAX);
  let at = from;
  while (at < end && bytes[at] !== LF) at++;
  if (at === to && length < BANNER_MAX && !last) return Math.min(BANNER_MAX, someMore(length));
  const banner = byteText(bytes, from, bytes[at - 1] === CR ? at - 1 : at);
  into.ssh ??= {};
  if (fromOriginator) into.ssh.client = banner;
  else into.ssh.server = banner;
  return Reading.done;
}
