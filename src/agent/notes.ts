import type { Firewall } from '../guard/firewall.ts';
import { TABLE } from '../guard/nft-script.ts';
import type { Carried } from '../kernel/carry.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import { PcapSource } from '../sources/pcap.ts';
import type { Source } from '../sources/source.ts';
import { monotonicNs } from '../kernel/monotonic.ts';
import type { WatchConfig } from './config.ts';

/** What the operator should know at the start, a line each. */
export function startNotes(config: WatchConfig, source: Source): string[] {
  const ebpf = source instanceof EbpfSource ? source : undefined;
  let where = ebpf?.attachments().map((a) => `${a.iface} (${a.hook})`);
  if (source instanceof PcapSource)
    where = source.use().interfaces.map((name) => `${name} (packets)`);
  const lines = [
    where
      ? `watching ${where.join(', ')}`
      : `reading /proc/net/tcp every ${config.intervalSeconds} s`,
    ...source.limits(),
  ];
  const left = endingBlocks(config, source);
  if (left > 0)
    lines.push(
      `took over ${left} blocks of an earlier run; they end with this one: add --block to keep them`,
    );
  lines.push(...(ebpf?.carried ? carriedNotes(ebpf.carried) : []));
  if (config.kernel.dryRun) lines.push('dry run: nothing new is blocked');
  else if (config.block !== 'off' && config.kernel.rule === 'reference')
    lines.push(
      'blocking by the reference rule, which also finds honest clients that use many ports; --rule weighted is the better one for it',
    );
  return lines;
}

function carriedNotes({ blocks, lost, records, unreadable }: Carried): string[] {
  return [
    ...(blocks > 0 ? [`carried ${blocks} blocks over from tables of another layout`] : []),
    ...lost.map(({ blocks: n, why }) => `${n} blocks end: their tables can't be read (${why})`),
    ...(unreadable > 0
      ? ['tables that say nothing of themselves are made anew: their blocks end']
      : []),
    ...(records > 0 ? [`${records} events that waited are lost: they have another form`] : []),
  ];
}

/** Does the guard stay when the program ends? */
function keepsBlocks({ kernel }: WatchConfig): boolean {
  return kernel.block && !kernel.dryRun;
}

/** Blocks of the kernel that end with the program, which the operator should know. */
export function endingBlocks(config: WatchConfig, source: Source): number {
  if (!(source instanceof EbpfSource) || keepsBlocks(config)) return 0;
  return source.kernel.table.occupancy(monotonicNs()).blocks;
}

/** What stays when the program ends, or ended with it; undefined: nothing. */
export function endNote(
  config: WatchConfig,
  source: Source,
  firewall: Firewall | undefined,
  how: 'ended' | 'released' | 'replaced',
  ending: number,
): string | undefined {
  if (!(source instanceof EbpfSource)) return undefined;
  if (how === 'replaced') return 'another packetwatch takes over';
  if (how === 'released') return 'released: nothing of packetwatch is left in the kernel';
  if (firewall && firewall.counts().blocks > 0)
    return `blocks stay in the firewall (table ${TABLE}) to their end; \`packetwatch release\` removes them`;
  if (ending > 0) return `${ending} blocks ended with this program: --block keeps them`;
  if (keepsBlocks(config))
    return 'the guard stays attached and blocks run to their end; `packetwatch release` removes it';
  return undefined;
}
