import type { Firewall } from '../guard/firewall.ts';
import { TABLE } from '../guard/nft-script.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import type { Source } from '../sources/source.ts';
import { monotonicNs } from './clock.ts';
import type { WatchConfig } from './config.ts';

/** What the operator should know at the start, a line each. */
export function startNotes(config: WatchConfig, source: Source): string[] {
  const ebpf = source instanceof EbpfSource ? source : undefined;
  const where = ebpf?.attachments().map((a) => `${a.iface} (${a.hook})`);
  const lines = [
    where
      ? `watching ${where.join(', ')}`
      : `reading /proc/net/tcp every ${config.intervalSeconds} s`,
    ...source.limits(),
  ];
  const left =
    ebpf && !config.kernel.block ? ebpf.kernel.table.blocks(monotonicNs()).active.length : 0;
  if (left > 0)
    lines.push(
      `took over ${left} blocks of an earlier run; they end with this one: add --block to keep them`,
    );
  if (config.kernel.dryRun) lines.push('dry run: nothing is blocked');
  else if (config.block !== 'off' && config.kernel.rule === 'reference')
    lines.push(
      'blocking by the reference rule, which also finds honest clients that use many ports; --rule weighted is the better one for it',
    );
  return lines;
}

/** What stays when the program ends; undefined: nothing. */
export function endNote(
  { kernel }: WatchConfig,
  source: Source,
  firewall: Firewall | undefined,
  released: boolean,
): string | undefined {
  if (!(source instanceof EbpfSource)) return undefined;
  if (released) return 'released: nothing of packetwatch is left in the kernel';
  if (firewall && firewall.counts().blocks > 0)
    return `blocks stay in the firewall (table ${TABLE}) to their end; \`packetwatch release\` removes them`;
  if (kernel.block && !kernel.dryRun)
    return 'the guard stays attached and blocks run to their end; `packetwatch release` removes it';
  return undefined;
}
