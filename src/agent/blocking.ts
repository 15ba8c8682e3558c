import type { Blocking } from '../api/program.ts';
import { allow, allowRows, disallow } from '../guard/allowed.ts';
import { blockRows } from '../guard/block-list.ts';
import { addBlock, removeBlock } from '../guard/blocks.ts';
import type { GuardTables } from '../guard/guard-tables.ts';
import { listBlocks } from '../guard/nft.ts';
import type { NftBlock } from '../guard/nft-script.ts';
import { whyOf } from '../guard/why.ts';
import { kernelDefaults } from '../kernel/options.ts';

/** So long a listing of the firewall is good enough: asking it starts a process. */
const FIREWALL_MS = 2000;

/** What `packetwatch block` and `allow` do, by the tables that the running program has open. */
export function blockingOf(guard: GuardTables, blocking: boolean): Blocking {
  let listing: Promise<NftBlock[] | undefined> | undefined;
  let listedMs = 0;
  const inFirewall = async (): Promise<readonly NftBlock[]> => {
    if (!listing || performance.now() - listedMs > FIREWALL_MS) {
      listing = listBlocks();
      listedMs = performance.now();
    }
    return (await listing) ?? [];
  };
  return {
    list: async () => ({
      blocks: blockRows(guard, await inFirewall()),
      allow: allowRows(guard.never),
      blocking,
    }),
    why: async (source) => whyOf(source, guard, await inFirewall()),
    seconds: kernelDefaults.blockSeconds,
    block: (source, seconds) => addBlock(guard, source, seconds),
    async unblock(source) {
      listing = undefined;
      await removeBlock(() => guard, source);
    },
    async allow(allowed) {
      listing = undefined;
      await allow(guard.never, guard, allowed);
    },
    disallow: (allowed) => disallow(guard.never, allowed),
  };
}
