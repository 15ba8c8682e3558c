import { formatListen } from '../api/address.ts';
import type { FlowCounts } from '../flow/counts.ts';
import type { Firewall, FirewallCounts } from '../guard/firewall.ts';
import type { Flow } from '../flow/flow.ts';
import { heldCapabilities } from '../kernel/capabilities.ts';
import type { Counters } from '../kernel/counters.ts';
import type { Attachment } from '../kernel/hooks.ts';
import { type PinnedState, pinnedState } from '../kernel/pinned-state.ts';
import type { Skips } from '../kernel/tracepoints.ts';
import type { PluginCounts } from '../plugins/plugin.ts';
import type { Plugins } from '../plugins/plugins.ts';
import type { AlertCounts } from '../sinks/alert-queue.ts';
import type { StoreCounts } from '../store/store.ts';
import type { Sink, SinkCounts } from '../sinks/sink.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import { PcapSource, type PcapUse } from '../sources/pcap.ts';
import type { Source, SourceCounts } from '../sources/source.ts';
import type { WatchedCounts } from '../sources/watched.ts';
import type { WatchConfig } from './config.ts';
import type { Swap } from './hand-over.ts';

export interface Parts {
  readonly config: WatchConfig;
  readonly source: Source;
  readonly flow: Flow;
  readonly sink: Sink;
  readonly firewall: Firewall | undefined;
  readonly plugins: Plugins;
  readonly alerts: readonly AlertCounts[];
  readonly store: StoreCounts | undefined;
  readonly swap: Swap | undefined;
  readonly startedNs: number;
  readonly nowNs: number;
}

/** The answer to `packetwatch status --json`; without a running program only what the pins tell. */
export interface Status {
  readonly pid: number;
  readonly uptime_s: number;
  /** As which it runs, and which capabilities it has. */
  readonly uid: number;
  readonly capabilities: readonly string[];
  readonly source: string;
  readonly blocking: boolean;
  /** Where metrics are served. */
  readonly listen?: string;
  readonly limits: readonly string[];
  /** What is told; absent: everything. */
  readonly filter?: string;
  /** The file that lines go to; absent: standard output. */
  readonly log?: string;
  readonly pins?: string;
  /** The tables of an earlier run were taken over. */
  readonly adopted?: boolean;
  readonly attachments?: readonly Attachment[];
  readonly interfaces?: WatchedCounts;
  /** What is pinned, and by whom. */
  readonly pinned?: PinnedState;
  /** How this program took over from the one before. */
  readonly swap?: Swap;
  readonly rings?: readonly {
    readonly name: string;
    readonly size: number;
    readonly pending: number;
    readonly high_water: number;
    readonly records: number;
  }[];
  readonly kernel?: Counters;
  /** Socket programs that were running on their CPU already, and so were skipped (Tracepoints.skips). */
  readonly skips?: Skips;
  /** With the pcap source. */
  readonly capture?: PcapUse;
  readonly table?: { readonly used: number; readonly capacity: number };
  readonly blocks?: number;
  /** With --block=nft. */
  readonly firewall?: FirewallCounts;
  readonly source_counts: SourceCounts;
  readonly flow: FlowCounts;
  readonly output: SinkCounts;
  /** With --store. */
  readonly store?: StoreCounts;
  /** By receiver; empty without --webhook and --syslog. */
  readonly alerts: readonly AlertCounts[];
  /** In their order; empty without --plugin. */
  readonly plugins: readonly PluginCounts[];
}

/** What `packetwatch status` prints: what is watched and how, what was seen, what was lost and where. */
export function statusOf({
  config,
  source,
  flow,
  sink,
  firewall,
  plugins,
  alerts,
  store,
  swap,
  startedNs,
  nowNs,
}: Parts): Status {
  const ebpf = source instanceof EbpfSource ? source : undefined;
  const table = ebpf?.kernel.table.occupancy(nowNs);
  return {
    pid: process.pid,
    uptime_s: Math.round((nowNs - startedNs) / 1e9),
    uid: process.geteuid!(),
    capabilities: [...heldCapabilities()],
    source: source.name,
    blocking: isBlocking(config),
    ...(config.listen ? { listen: formatListen(config.listen) } : {}),
    limits: source.limits(),
    ...(config.filter ? { filter: config.filter.text } : {}),
    ...(config.logFile === undefined ? {} : { log: config.logFile }),
    ...(ebpf && table
      ? {
          pins: ebpf.kernel.pins.directory,
          adopted: ebpf.kernel.maps.adopted,
          pinned: pinnedState(ebpf.kernel.pins),
          ...(swap ? { swap } : {}),
          attachments: ebpf.attachments(),
          interfaces: ebpf.watched.counts(),
          rings: [ebpf.kernel.attempts, ebpf.kernel.events].map((ring, i) => ({
            name: i === 0 ? 'attempts' : 'events',
            size: ring.size,
            pending: ring.pending(),
            high_water: ring.highWater,
            records: ring.records,
          })),
          kernel: ebpf.kernel.counters(),
          skips: ebpf.kernel.tracepoints.skips(),
          table,
          blocks: table.blocks,
        }
      : {}),
    ...(source instanceof PcapSource ? { capture: source.use() } : {}),
    ...(firewall ? { firewall: firewall.counts() } : {}),
    source_counts: source.counts(),
    flow: flow.counts(),
    output: sink.counts(),
    ...(store ? { store } : {}),
    alerts,
    plugins: plugins.counts(),
  };
}

/** Does it shut out scanners by itself? */
export function isBlocking({ block, kernel }: WatchConfig): boolean {
  return block !== 'off' && !kernel.dryRun;
}
