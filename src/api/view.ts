import type { FlowCounts } from '../flow/counts.ts';
import type { Counters } from '../kernel/counters.ts';
import type { Attachment } from '../kernel/hooks.ts';
import type { Skips } from '../kernel/tracepoints.ts';
import type { PluginCounts } from '../plugins/plugin.ts';
import type { Samples } from '../plugins/samples.ts';
import type { AlertCounts } from '../sinks/alert-queue.ts';
import type { SinkCounts } from '../sinks/sink.ts';
import type { PcapUse } from '../sources/pcap.ts';
import type { StoreCounts } from '../store/store.ts';
import type { Source, SourceCounts } from '../sources/source.ts';
import type { WatchedCounts } from '../sources/watched.ts';
import type { RefusalName } from './gate.ts';

/** Everything that metrics tell, as it stands at one moment. */
export interface MetricsView {
  readonly version: string;
  readonly source: Source['name'];
  /** It reads: the program is on an interface at least, or it polls /proc. */
  readonly up: boolean;
  readonly flow: FlowCounts;
  /** Connections followed at most. */
  readonly flowLimit: number;
  readonly output: SinkCounts;
  readonly alerts: readonly AlertCounts[];
  /** With --store. */
  readonly store?: StoreCounts | undefined;
  readonly plugins: PluginView;
  readonly process: ProcessUse;
  readonly http: HttpCounts;
  /** With the ebpf source. */
  readonly kernel?: KernelView;
  /** With the pcap source. */
  readonly pcap?: PcapView;
  /** With the proc source. */
  readonly proc?: ProcView;
}

export interface KernelView {
  readonly counters: Counters;
  readonly skips: Skips;
  readonly attachments: readonly Attachment[];
  readonly interfaces: WatchedCounts;
  readonly rings: readonly RingUse[];
  /** Sources in the one table, blocks among them; may be a second old. */
  readonly table: { readonly used: number; readonly blocks: number; readonly capacity: number };
  /** --block-max */
  readonly blocksLimit: number;
  /** Sources that the rule for slow scans forgot within a day. */
  readonly slowEvicted: number;
}

/** Empty without --plugin. */
export interface PluginView {
  readonly counts: readonly PluginCounts[];
  /** What each of them counts itself. */
  readonly samples: readonly Samples[];
}

/** All in bytes. */
export interface RingUse {
  readonly name: 'attempts' | 'events' | 'packets';
  readonly size: number;
  readonly pending: number;
  readonly highWater: number;
}

export interface PcapView {
  readonly lost: SourceCounts['lost'];
  readonly use: PcapUse;
  /** Pairs that the reference rule's memory forgot inside their window. */
  readonly evicted: number;
  /** Sources that the rule for slow scans forgot within a day. */
  readonly slowEvicted: number;
}

export interface ProcView {
  readonly lost: SourceCounts['lost'];
  /** Pairs that the rule's memory forgot inside their window. */
  readonly evicted: number;
}

export interface ProcessUse {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  /** Of JavaScript, in use. */
  readonly heapBytes: number;
  /** Since 1970. */
  readonly startSeconds: number;
}

/** What the listener has answered; all only grow. */
export interface HttpCounts {
  /** By status code. */
  readonly answers: ReadonlyMap<number, number>;
  /** Connections closed at once: there were as many as may be. */
  readonly refused: number;
  /** Requests that were not let in, by why. */
  readonly refusals: ReadonlyMap<RefusalName, number>;
  /** Live streams: open now, and let go because their readers took too little. */
  readonly streams: { readonly open: number; readonly ended: number };
}
