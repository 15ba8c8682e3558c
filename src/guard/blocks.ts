import { kernelDefaults } from '../kernel/options.ts';
import { OperatorError } from '../model/errors.ts';
import { type AddressPrefix, formatPrefix } from '../wire/prefix.ts';
import type { GuardTables } from './guard-tables.ts';
import { listBlocks, mustNft } from './nft.ts';
import { keyOf, remove as removeElement, textOf } from './nft-script.ts';

/** Blocks a source, or a prefix, in the kernel; throws OperatorError where it must not or can't be. */
export function addBlock(guard: GuardTables, source: AddressPrefix, seconds: number): void {
  if (guard.never.covers(source))
    throw new OperatorError(
      `${formatPrefix(source)} is never blocked`,
      '`packetwatch allow list` shows why',
    );
  const result =
    source.length === 128
      ? guard.requests.block(source.address, seconds)
      : guard.nets.block(source, seconds);
  if (result === 'busy') throw new OperatorError('the table is busy', 'try again');
  if (result === 'full')
    throw new OperatorError(
      source.length === 128
        ? 'as many sources are blocked as --block-max allows'
        : 'as many prefixes are blocked as may be, 4096',
      'end some with `packetwatch block rm`',
    );
}

/**
 * Ends a block, in the firewall and in the kernel; throws OperatorError when there is none.
 * @param open the guard's tables; it may have none where the firewall had the block, else it throws
 */
export async function removeBlock(
  open: (hadBlock: boolean) => GuardTables | undefined,
  source: AddressPrefix,
): Promise<void> {
  const inFirewall = await removeFromFirewall(source);
  const guard = open(inFirewall);
  if (!guard) return;
  let result =
    source.length === 128 ? guard.requests.unblock(source.address) : guard.nets.unblock(source);
  // as `block list` shows the block of an IPv6 source
  if (result === 'nothing' && source.length === kernelDefaults.v6Prefix)
    result = guard.requests.unblock(source.address);
  if (result === 'nothing' && !inFirewall)
    throw new OperatorError(
      `${formatPrefix(source)} is not blocked`,
      '`packetwatch block list` shows what is',
    );
}

/** Ends a block that --block=nft has set; its program sees it within 5 s. false: there is none. */
async function removeFromFirewall({ address, length }: AddressPrefix): Promise<boolean> {
  if (length !== 128) return false;
  const keys = new Set([true, false].map((own) => textOf(keyOf(address, () => own))));
  const found = ((await listBlocks()) ?? []).filter((block) => keys.has(textOf(block)));
  if (found.length > 0) await mustNft(found.map(removeElement).join(''));
  return found.length > 0;
}
