import { formatAddress, isV4, parseAddress } from './address.ts';

/** A range of addresses. */
export interface AddressPrefix {
  /** 16 bytes, IPv4 as ::ffff:a.b.c.d; the bits after `length` are 0. */
  readonly address: Uint8Array;
  /** Bits of the 16 bytes: IPv4 counts from 96, so 128 is one address of either kind. */
  readonly length: number;
}

/**
 * Reads an address or a prefix in CIDR form, `10.1.0.0/16` or `2001:db8::/32`. Bits after the length are cleared.
 * An IPv6 prefix that would hold IPv4 as well (::/0 to ::/96) is none.
 */
export function parsePrefix(text: string): AddressPrefix | undefined {
  const [, written = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(written);
  if (address === undefined) return undefined;
  const base = isV4(address) && !written.includes(':') ? 96 : 0;
  const length = bits === undefined ? 128 : base + Number(bits);
  if (length > 128) return undefined;
  const cleared = clear(address, length);
  return base === 0 && length <= 96 && cleared.every((byte) => byte === 0)
    ? undefined
    : { address: cleared, length };
}

/** Writes an address alone, or a prefix in CIDR form. */
export function formatPrefix({ address, length }: AddressPrefix): string {
  const text = formatAddress(address);
  if (length === 128) return text;
  return `${text}/${isV4(address) ? length - 96 : length}`;
}

/** Is all of `inner` within `outer`? */
export function contains(outer: AddressPrefix, inner: AddressPrefix): boolean {
  if (inner.length < outer.length) return false;
  return clear(inner.address, outer.length).every((byte, i) => byte === outer.address[i]);
}

function clear(address: Uint8Array, length: number): Uint8Array {
  return address.map(
    (byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - i * 8))) & 0xff,
  );
}
