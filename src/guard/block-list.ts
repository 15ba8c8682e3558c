import { monotonicNs } from '../kernel/monotonic.ts';
import { kernelDefaults } from '../kernel/options.ts';
import type { Way } from '../kernel/table-way.ts';
import type { BlockRow } from '../model/blocks.ts';
import { formatAddress, isV4 } from '../wire/address.ts';
import { formatPrefix } from '../wire/prefix.ts';
import type { GuardTables } from './guard-tables.ts';
import type { NftBlock } from './nft-script.ts';

/** Bits of an IPv6 source that are blocked. */
const PREFIX = kernelDefaults.v6Prefix;

/** All blocks in force: of the kernel's table, by prefix, and of the firewall. */
export function blockRows(
  guard: Pick<GuardTables, 'table' | 'nets'> | undefined,
  inFirewall: readonly NftBlock[],
): BlockRow[] {
  return [...(guard ? kernelRows(guard) : []), ...inFirewall.map(firewallRow)];
}

function kernelRows(guard: Pick<GuardTables, 'table' | 'nets'>): BlockRow[] {
  const nowNs = monotonicNs();
  const nets = guard.nets.list(nowNs).active.map((net): BlockRow => {
    const left_s = leftOf(net.untilNs, nowNs);
    return { src_ip: formatPrefix(net), where: 'kernel', reason: 'user', left_s, drops: net.drops };
  });
  return [...guard.table.blocks(nowNs).active.map((block) => describe(block, nowNs)), ...nets];
}

function firewallRow({ set, address, leftMs, drops }: NftBlock): BlockRow {
  return {
    src_ip: `${formatAddress(address)}${set === 'blocked_nets6' ? `/${PREFIX}` : ''}`,
    where: 'nft',
    reason: 'scan',
    left_s: Math.round(leftMs / 1000),
    drops,
  };
}

function describe(block: Way, nowNs: number): BlockRow {
  const victim = formatAddress(block.victim);
  return {
    src_ip: sourceOf(block),
    last_src_ip: formatAddress(block.fullSource),
    where: 'kernel',
    reason: block.byUser ? 'user' : 'scan',
    ...(victim === '::' ? {} : { dst_ip: victim }),
    ports: block.ports,
    left_s: leftOf(block.untilNs, nowNs),
    drops: block.hits,
  };
}

function leftOf(untilNs: number, nowNs: number): number {
  return Math.max(0, Math.round((untilNs - nowNs) / 1e9));
}

/** Who is blocked or judged: an address, or a prefix with its length. */
export function sourceOf(block: Way): string {
  const text = formatAddress(block.source);
  const whole = isV4(block.source) || block.source.subarray(PREFIX / 8).some((byte) => byte !== 0);
  return whole ? text : `${text}/${PREFIX}`;
}
