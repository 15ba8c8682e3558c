import { listBlocks } from '../guard/nft.ts';
import type { NftBlock } from '../guard/nft-script.ts';
import { PinnedGuard } from '../kernel/pinned-guard.ts';
import { Pins } from '../kernel/pins.ts';

/** What blocks in this network namespace, whether the program runs or not. Throws OperatorError where nothing does. */
export async function pinnedBlocks(): Promise<{
  /** Undefined: only the firewall blocks here. */
  readonly guard: PinnedGuard | undefined;
  readonly inFirewall: readonly NftBlock[];
}> {
  const inFirewall = await listBlocks();
  const only = inFirewall !== undefined && !new Pins().hasMaps();
  return { guard: only ? undefined : new PinnedGuard('read'), inFirewall: inFirewall ?? [] };
}
