import { formatAddress, isV4 } from '../wire/address.ts';
import type { AddressPrefix } from '../wire/prefix.ts';

/** The table of ours in the host's firewall. */
export const TABLE = 'inet packetwatch';

/** Sets of blocked sources, by what is compared with them. */
export type BlockSet = 'blocked4' | 'blocked6' | 'blocked_nets6';

/** One element of a set of blocked sources. */
export interface NftKey {
  readonly set: BlockSet;
  /** 16 bytes; in `blocked_nets6` the first address of a /64. */
  readonly address: Uint8Array;
}

/** An element that is in force. */
export interface NftBlock extends NftKey {
  readonly leftMs: number;
  /** Packets dropped. */
  readonly drops: number;
}

/**
 * What blocks a source: an IPv6 one by its /64, unless that is one of this host's own, as pw_key() of bpf/blocks.h.
 * @param isOwnNet is this first address of a /64 that of an own one?
 */
export function keyOf(source: Uint8Array, isOwnNet: (net: Uint8Array) => boolean): NftKey {
  if (isV4(source)) return { set: 'blocked4', address: source.slice() };
  const net = netOf(source);
  return isOwnNet(net)
    ? { set: 'blocked6', address: source.slice() }
    : { set: 'blocked_nets6', address: net };
}

/** The first address of an IPv6 address's /64. */
export function netOf(address: Uint8Array): Uint8Array {
  return address.slice().fill(0, 8);
}

export function textOf({ set, address }: NftKey): string {
  return `${set} ${formatAddress(address)}`;
}

/**
 * Makes the table, or puts its rules as they should be: at the head of each change, so that the table is there again
 * after the host's firewall was loaded anew. The chain comes after connection tracking (-200) and before the usual
 * filters (0). As in bpf/guard.h ICMP is let through: without it IPv6 finds no neighbours.
 * @param cutEstablished established connections of a blocked source are dropped as well
 */
export function setup(cutEstablished: boolean): string {
  const rules = [
    ...(cutEstablished ? [] : ['ct state established,related accept']),
    'meta l4proto { icmp, ipv6-icmp } accept',
    'ip saddr @blocked4 counter drop',
    'ip6 saddr @never6 accept',
    'ip6 saddr @blocked6 counter drop',
    'ip6 saddr & ffff:ffff:ffff:ffff:: @blocked_nets6 counter drop',
  ];
  return lines([
    `add table ${TABLE}`,
    `add set ${TABLE} blocked4 { type ipv4_addr; flags timeout; counter; }`,
    `add set ${TABLE} blocked6 { type ipv6_addr; flags timeout; counter; }`,
    `add set ${TABLE} blocked_nets6 { type ipv6_addr; flags timeout; counter; }`,
    `add set ${TABLE} never6 { type ipv6_addr; flags interval; auto-merge; }`,
    `add chain ${TABLE} prerouting { type filter hook prerouting priority -150; policy accept; }`,
    `flush chain ${TABLE} prerouting`,
    ...rules.map((rule) => `add rule ${TABLE} prerouting ${rule}`),
  ]);
}

/** Blocks anew, whether the element is there or not; `add` alone would leave an older one's end as it is. */
export function add(key: NftKey, milliseconds: number): string {
  const timeout = Math.max(1, Math.round(milliseconds));
  return remove(key) + element('add', key, ` timeout ${timeout}ms`);
}

/** Ends a block, whether it is there or not: `delete` alone would fail, and all that goes with it. */
export function remove(key: NftKey): string {
  return element('add', key) + element('delete', key);
}

/** The IPv6 prefixes of the never-block list, which pass although their /64 is blocked. */
export function never(prefixes: readonly AddressPrefix[]): string {
  const all = prefixes
    .filter(({ address }) => !isV4(address))
    .map(({ address, length }) => `${plain(address)}/${length}`);
  return lines([
    `flush set ${TABLE} never6`,
    ...(all.length === 0 ? [] : [`add element ${TABLE} never6 { ${all.join(', ')} }`]),
  ]);
}

function element(verb: string, key: NftKey, more = ''): string {
  return `${verb} element ${TABLE} ${key.set} { ${plain(key.address)}${more} }\n`;
}

/** Nothing but an address ever gets into a script. */
function plain(address: Uint8Array): string {
  const text = formatAddress(address);
  if (!/^[\da-f.:]+$/.test(text)) throw new Error(`${text} is no address`);
  return text;
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
