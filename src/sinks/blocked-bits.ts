import { isV4 } from '../wire/address.ts';
import { Head, Kind } from '../wire/layout.gen.ts';

/** Bits of the prefix that a BLOCK or UNBLOCK record is of, as CIDR counts them; undefined: of one source. */
export function blockedBits(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at + Head.kind] === Kind.SCAN) return undefined;
  const bits = bytes[at + Head.dst_port]! | (bytes[at + Head.dst_port + 1]! << 8);
  if (bits === 0) return undefined;
  return isV4(bytes, at + Head.src) ? bits - 96 : bits;
}
