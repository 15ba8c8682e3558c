import { formatAddress, isV4, parseAddress } from '../wire/address.ts';
import type { Net } from './node.ts';
import { type Token, unexpected } from './tokens.ts';

/** Bits before an IPv4 address in the 16 bytes of ::ffff:a.b.c.d. */
const MAPPED_BITS = 96;

/** Reads `192.0.2.7` or `2001:db8::7`. @throws OperatorError */
export function readHost(token: Token): Net {
  const address = parseAddress(token.text);
  if (address !== undefined) return { family: isV4(address) ? 4 : 6, address, mask: maskOf(128) };
  const isNet = token.text.includes('/');
  throw unexpected(
    token,
    isNet
      ? 'an address; say `net` for addresses with a length, such as net 10.0.0.0/8'
      : 'an address such as 192.0.2.7 or 2001:db8::7; names are not looked up',
  );
}

/**
 * Reads `10.0.0.0/8`, `2001:db8::/32`, or a network as pcap-filter(7) shortens it: `10`, `172.16`, `192.168.1`. A whole
 * address without a length is that host.
 * @param mask a netmask that follows in words of its own
 * @throws OperatorError
 */
export function readNet(token: Token, mask?: Token): Net {
  const [text = '', length, ...more] = token.text.split('/');
  const family = familyOf(text);
  const octets = family === 4 ? text.split('.').length : 4;
  const address = parseAddress(octets < 4 ? text + '.0'.repeat(4 - octets) : text);
  if (address === undefined || more.length > 0 || (mask && length !== undefined))
    throw unexpected(token, 'a network such as 10.0.0.0/8 or 2001:db8::/32');
  const most = family === 4 ? 32 : 128;
  const bits = length === undefined ? (octets < 4 ? 8 * octets : most) : Number(length);
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && bits <= most))
    throw unexpected(token, `a length from 0 to ${most} after the slash`);
  const net = { family, address, mask: mask ? readMask(mask, family) : maskOf(128 - most + bits) };
  const within = address.map((byte, i) => byte & net.mask[i]!);
  if (within.some((byte, i) => byte !== address[i]))
    throw unexpected(
      token,
      `no bits beyond the mask, as in ${formatAddress(within)}${mask ? '' : `/${bits}`}`,
    );
  return net;
}

function readMask(token: Token, family: 4 | 6): Uint8Array {
  const mask = family === 4 && !token.text.includes(':') ? parseAddress(token.text) : undefined;
  if (mask === undefined) throw unexpected(token, 'an IPv4 netmask such as 255.0.0.0');
  return mask.fill(0xff, 0, MAPPED_BITS / 8);
}

/** Reads `80`. @throws OperatorError */
export function readPort(token: Token): { low: number; high: number } {
  const port = portOf(token.text);
  if (port === undefined)
    throw unexpected(
      token,
      /^\d+-\d+$/.test(token.text)
        ? 'a port; say `portrange` for several'
        : 'a port from 0 to 65535; service names are not looked up',
    );
  return { low: port, high: port };
}

/** Reads `6000-6008`, in either order, or one port. @throws OperatorError */
export function readPortRange(token: Token): { low: number; high: number } {
  const ports = token.text.split('-').map(portOf);
  const [first, last = first] = ports;
  if (first === undefined || last === undefined || ports.length > 2 || ports.includes(undefined))
    throw unexpected(
      token,
      'two ports from 0 to 65535 such as 6000-6008; service names are not looked up',
    );
  return { low: Math.min(first, last), high: Math.max(first, last) };
}

/** Decimal only: pcap-filter(7) takes 010 for eight, which nobody means. */
function portOf(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

const familyOf = (text: string): 4 | 6 => (text.includes(':') ? 6 : 4);

/** The mask of so many leading bits of 16 bytes. */
function maskOf(bits: number): Uint8Array {
  return new Uint8Array(16).map((_, i) => 0xff00 >> Math.max(0, Math.min(8, bits - 8 * i)));
}

/** Does an IPv6 net shorter than /96 take in ::ffff:0:0/96, where the IPv4 addresses lie? */
export function coversV4(net: Net): boolean {
  return (
    net.family === 6 &&
    net.mask[MAPPED_BITS / 8 - 1] !== 0xff &&
    net.address.every((byte, i) => byte === (V4[i]! & net.mask[i]!))
  );
}

const V4 = parseAddress('0.0.0.0')!;
