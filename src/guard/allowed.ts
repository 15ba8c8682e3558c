import type { AllowRow } from '../model/blocks.ts';
import { monotonicNs } from '../kernel/monotonic.ts';
import { type NeverList, Origin } from '../kernel/never.ts';
import { OperatorError } from '../model/errors.ts';
import { type AddressPrefix, contains, formatPrefix } from '../wire/prefix.ts';
import type { GuardTables } from './guard-tables.ts';
import { listBlocks, mustNft } from './nft.ts';
import { remove as removeElement } from './nft-script.ts';

/** What the bits of Origin are called. */
const ORIGINS: readonly (readonly [number, string])[] = [
  [Origin.own, 'own address'],
  [Origin.gateway, 'gateway'],
  [Origin.resolver, 'resolver'],
  [Origin.ssh, 'ssh'],
  [Origin.user, 'user'],
];

/** Names of the bits of Origin. */
export function originsOf(bits: number): string[] {
  return ORIGINS.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}

export function allowRows(never: NeverList): AllowRow[] {
  return never.list().map((entry) => ({
    cidr: formatPrefix(entry),
    origin: originsOf(entry.origin),
  }));
}

/** Adds to what is never blocked, and ends its blocks. @param guard undefined: none is attached that could block */
export async function allow(
  never: NeverList,
  guard: GuardTables | undefined,
  allowed: AddressPrefix,
): Promise<void> {
  if (never.allow(allowed) === 'full') {
    guard?.requests.countFull();
    throw new OperatorError(
      'as many prefixes are allowed as may be, 4096',
      'take some back with `packetwatch allow rm`',
    );
  }
  if (guard) await endBlocks(guard, allowed);
}

/** Takes back what was added; throws OperatorError when it wasn't. */
export function disallow(never: NeverList, allowed: AddressPrefix): void {
  if (never.disallow(allowed) === 'nothing')
    throw new OperatorError(
      `${formatPrefix(allowed)} was not added`,
      '`packetwatch allow list` shows what was, as user',
    );
}

async function endBlocks(guard: GuardTables, allowed: AddressPrefix): Promise<void> {
  const nowNs = monotonicNs();
  const holds = (address: Uint8Array) => contains(allowed, { address, length: 128 });
  for (const { source, fullSource } of guard.table.blocks(nowNs).active)
    if (holds(source) || holds(fullSource)) guard.requests.unblock(source);
  for (const net of guard.nets.list(nowNs).active)
    if (contains(allowed, net)) guard.nets.unblock(net);
  const inFirewall = ((await listBlocks()) ?? []).filter(({ address }) => holds(address));
  if (inFirewall.length > 0) await mustNft(inFirewall.map(removeElement).join(''));
}
