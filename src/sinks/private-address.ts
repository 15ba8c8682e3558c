import { isV4 } from '../wire/address.ts';
import { type AddressPrefix, parsePrefix } from '../wire/prefix.ts';

/**
 * Is the address of 16 bytes at `at` one that isn't routed over the Internet? That is what Zeek takes for local when
 * nobody tells it a site's networks (Site::private_address_space in scripts/base/utils/site.zeek).
 */
export function isPrivate(bytes: Uint8Array, at: number): boolean {
  if (isV4(bytes, at)) return isIn(IPV4, bytes, at + 12);
  if (bytes[at] === 0x20 && bytes[at + 1] === 0x02) return isIn(IPV4, bytes, at + 2); // 6to4, RFC 3056
  return isIn(IPV6, bytes, at);
}

/** By the registries of special-purpose addresses (RFC 6890), and multicast within a site. */
const IPV4 = masks(96, [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/24',
  '239.0.0.0/8',
  '240.0.0.0/4',
]);
const IPV6 = masks(0, [
  '::1/127', // and the unspecified address
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
]);

interface Mask {
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
}

/** @param skip bits at the front that all have in common */
function masks(skip: number, prefixes: readonly string[]): Mask[] {
  return prefixes.map((text) => {
    const { address, length } = parsePrefix(text) as AddressPrefix;
    const bits = length - skip;
    const mask = new Uint8Array(Math.ceil(bits / 8)).map(
      (_, i) => 0xff << Math.max(0, 8 * (i + 1) - bits),
    );
    return { bytes: address.subarray(skip / 8), mask };
  });
}

function isIn(list: readonly Mask[], address: Uint8Array, at: number): boolean {
  for (const prefix of list) if (begins(address, at, prefix)) return true;
  return false;
}

function begins(address: Uint8Array, at: number, { bytes, mask }: Mask): boolean {
  for (let i = 0; i < mask.length; i++)
    if ((address[at + i]! & mask[i]!) !== bytes[i]) return false;
  return true;
}
